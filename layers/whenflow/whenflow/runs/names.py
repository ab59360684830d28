"""Names for runs that nobody named: an adjective and an animal, always the same for the same id."""

from hashlib import sha256

_ADJECTIVES = (
    "amber brave brisk calm clever crisp dapper eager fair fleet gentle glad golden hardy honest jolly "
    "keen kind lively lucid lucky merry mild nimble noble plucky proud quick quiet ready rosy silver "
    "smart snug solid spry steady sunny swift tidy tough vivid warm wise witty young zesty bold"
)
_ANIMALS = (
    "badger beaver bee bison bream crane cricket curlew deer dormouse dove eagle eel falcon ferret finch "
    "fox gecko goose hare hawk hedgehog heron ibex jay kestrel lark lemming linnet lynx marten mole moth "
    "newt otter owl perch plover puffin quail raven robin salmon seal shrew stoat swan swift tern thrush "
    "trout vole weasel wren"
)
ADJECTIVES = _ADJECTIVES.split()
ANIMALS = _ANIMALS.split()


def run_name(run_id: str) -> str:
    """Return the name of a run."""
    digest = sha256(run_id.encode()).digest()
    return f"{ADJECTIVES[digest[0] % len(ADJECTIVES)]}-{ANIMALS[digest[1] % len(ANIMALS)]}"
