"""Made-up sample pictures: small parts in storage compartments, drawn with numpy and Pillow; one seed, one library.

looks       what one tray under one lamp before one camera has in common
relief      distances and heights from which parts are built
shapes      the classes of parts; flat_parts and round_parts draw them
floors      the bottom and the walls of a compartment
shading     light on metal, shadows, laying a part on the floor
camera      lens, sensor and what goes wrong with them
placing     where parts lie so that each can be counted
scene       one picture: a part, a compartment to count, a set of retakes
library     a folder of all that with its truth (seeds: a random stream a picture; jpeg: the files)
"""
