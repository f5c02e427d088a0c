"""The reference model: the whole job once more, written from the rules alone.

It knows plain Python and nothing of ours: neither the product nor its database, and no function of either.
Where the rules are silent it does what the services document. There are no hold rows here: who holds a
customer is read off the leads, which is what the rows of the product have to amount to.
"""
