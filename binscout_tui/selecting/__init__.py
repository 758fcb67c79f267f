"""Choosing from sets without a screen: the desk that commits choices, crop editing, and how pictures lie."""
