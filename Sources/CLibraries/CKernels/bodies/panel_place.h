// Sizes of packed operands, and which panels a block of the result belongs to.
#pragma once

enum { EDGE = KERNEL_PANEL_EDGE, BLOCK = EDGE * EDGE };

/// A row panel, a column panel and how many of these there are.
typedef struct panel_place {
    size_t row;
    size_t column;
    size_t columns;
} panel_place;
