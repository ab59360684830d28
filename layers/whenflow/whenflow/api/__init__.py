"""The REST API: routes, answers, errors. Each route turns a request into one use case and its result into an answer.

Nothing is imported here: the pages of the UI use `api.services`, and start without the routes.
"""
