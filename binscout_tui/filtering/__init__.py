"""The language of filters, such as `label:m3 conf<0.6 -dup`: parsing, printing, completing. It knows no database."""
