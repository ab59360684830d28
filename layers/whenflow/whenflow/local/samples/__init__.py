"""Real input for the demo.

`pull_request.opened.json` is the first example of `pull_request` / `opened` in the npm package
`@octokit/webhooks-examples` 7.6.1 (https://github.com/octokit/webhooks), under the MIT License:

Copyright (c) Gregor Martynus and contributors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

from importlib.resources import files

GITHUB_PULL_REQUEST_OPENED = files(__name__) / "pull_request.opened.json"


def github_pull_request_opened() -> bytes:
    """Return the body that GitHub posts when a pull request is opened."""
    return GITHUB_PULL_REQUEST_OPENED.read_bytes()
