"""How many zero bytes in a row the data of a JPEG file may have."""

from __future__ import annotations

from collections.abc import Iterable

SEQUENTIAL, PROGRESSIVE = (0xC0, 0xC1), 0xC2  # kinds of frames
TABLES, SCAN = 0xC4, 0xDA
AC = 0x10  # added to the number of a table of Huffman codes that is for AC coefficients


def longest_zeros(content: bytes, segments: Iterable[tuple[int, int, int]]) -> int:
    """Return how many zero bytes an encoder may write in a row: those of a flat area, if its codes consist of zero bits.

    Args:
        content: The file.
        segments: Marker, start and end of each segment up to the first scan.
    """
    codes: dict[int, tuple[int, int]] = {}
    kind, blocks, components = 0, 0, 0
    for marker, start, end in segments:
        body = content[start + 4 : end]
        if marker == TABLES:
            codes.update(_zero_codes(body))
        elif marker in (*SEQUENTIAL, PROGRESSIVE) and len(body) > 5:
            kind, blocks, components = marker, _blocks(body), body[5]
        elif marker == SCAN and body:
            if kind == PROGRESSIVE:
                return blocks // 8  # at most a bit a block: blocks without AC coefficients are counted, not listed
            if kind not in SEQUENTIAL or body[0] != components:
                return blocks  # scans that have tables of their own, which may be for flat areas only
            return _of_scan(codes, blocks, [body[2 + 2 * number] for number in range(components) if 2 + 2 * number < len(body)])
    return blocks


def _of_scan(codes: dict[int, tuple[int, int]], blocks: int, tables: list[int]) -> int:
    """Zero bytes in a scan of all channels, with the pair of tables of each."""
    bits = 0
    for table in tables:
        length, symbol = codes.get(AC | table & 0xF, (8, 0))
        if symbol:  # zeros are coefficients, as with the usual tables: a block full of the same ones is no image
            return 0
        dc_length, dc_bits = codes.get(table >> 4, (8, 0))
        bits = max(bits, length + dc_length + dc_bits)
    return blocks * bits // 8


def _zero_codes(body: bytes) -> dict[int, tuple[int, int]]:
    """Length and meaning of the code that consists of zero bits, in each table of a segment."""
    found, position = {}, 0
    while position + 17 < len(body):
        counts = body[position + 1 : position + 17]
        length = next((bits for bits, count in enumerate(counts, 1) if count), 16)
        found[body[position]] = length, body[position + 17]
        position += 17 + sum(counts)
    return found


def _blocks(body: bytes) -> int:
    """Blocks of 8 × 8 values in all channels, by a frame's header."""
    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    factors = [(factor >> 4, factor & 0xF) for factor in body[7::3]]
    wide, high = (max((pair[axis] for pair in factors), default=1) or 1 for axis in (0, 1))
    return -(-width // (8 * wide)) * -(-height // (8 * high)) * sum(across * down for across, down in factors)
