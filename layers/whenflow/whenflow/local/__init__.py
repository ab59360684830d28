"""The whole stack on a laptop: the template that goes to AWS, deployed into an embedded AWS on loopback.

This room starts, deploys, seeds, plays and watches. It holds no second implementation of the product.
"""
