"""Measuring the program beside its peers: nothing of this is imported by the app.

filling     a workspace of very many images made from a few photos
area        the room for a picture; played: a terminal of that size that answers; traffic: what was sent to it
comparing   one photo by our encoders and by the peers, in turns (plain: textual-image in a process of its own)
running     the real app in such a terminal; keys: how fast it answers, how much memory it takes
figures     what was measured; limits: what it may be; tables: both as text
pictures    all of it in one run
"""
