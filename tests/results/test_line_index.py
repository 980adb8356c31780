"""Finding the n-th line by counts of blocks, against a plain list of line ends."""

import random

from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.results.line_index import BLOCK, LineIndex

SIZES = st.integers(0, 200) | st.sampled_from([BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 7])


@st.composite
def files(draw):
    """Bytes of some blocks: lines of very different lengths."""
    return b"\n".join(b"x" * size for size in draw(st.lists(SIZES, max_size=8)))


def state(index):
    return (list(index.ends), list(index.checksums), index.covered, index.line_count, index.complete_end)


@given(files(), st.integers(0, 2**32))
def test_any_split_gives_the_same(data, seed):
    whole = LineIndex()
    whole.extend(data)
    pieces = LineIndex()
    chance = random.Random(seed)
    at = 0
    while at < len(data):
        size = chance.choice([1, 10, 1000, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
        pieces.extend(data[at : at + size])
        at += size
    assert state(pieces) == state(whole)
    assert whole.covered == len(data)
    assert whole.line_count == data.count(b"\n")
    assert whole.complete_end == data.rfind(b"\n") + 1
    assert whole.whole_blocks == len(data) // BLOCK


@given(files())
def test_finds_every_line_end(data):
    index = LineIndex()
    index.extend(data)
    ends = [at for at, byte in enumerate(data) if byte == 10]
    for number, end in enumerate(ends, 1):
        block, rank = index.block_of_line_end(number)
        assert block == end // BLOCK
        assert rank == sum(1 for other in ends if other // BLOCK == block and other <= end)
        assert index.lines_before_block(block) == sum(1 for other in ends if other // BLOCK < block)
