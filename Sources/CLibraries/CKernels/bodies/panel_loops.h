// How a product goes over its panels, the same for the tiles of AMX and for their portable twin.
//
// Whoever includes this has defined `multiply_block(terms, count, place, tall, wide, start, start_stride, result,
// result_stride)`: one block of the result, of sixteen rows or of thirty-two when it is tall, of sixteen columns or of
// thirty-two when it is wide.

/// A block at the lower or right edge goes through a whole one, so that nothing outside the result is touched.
static void multiply_edge(const kernel_panel_term *terms, size_t count, panel_place place, size_t rows,
                          size_t columns, const float *start, size_t start_stride, float *result,
                          size_t result_stride) {
    float whole[EDGE][EDGE] = {};
    for (size_t row = 0; start && row < rows; row++) {
        memcpy(whole[row], start + row * start_stride, columns * sizeof(float));
    }
    multiply_block(terms, count, place, rows > LANES, columns > LANES, *whole, EDGE, *whole, EDGE);
    for (size_t row = 0; row < rows; row++) {
        memcpy(result + row * result_stride, whole[row], columns * sizeof(float));
    }
}

static void multiply_panels(const kernel_panel_term *terms, size_t count, size_t rows, size_t columns,
                            const float *start, size_t start_stride, float *result, size_t result_stride) {
    for (size_t row = 0; row < rows; row += EDGE) {
        size_t high = rows - row < EDGE ? rows - row : EDGE;
        for (size_t column = 0; column < columns; column += EDGE) {
            size_t wide = columns - column < EDGE ? columns - column : EDGE;
            panel_place place = {row / EDGE, column / EDGE, (columns + EDGE - 1) / EDGE};
            const float *from = start ? start + row * start_stride + column : NULL;
            float *to = result + row * result_stride + column;
            if (high % LANES || wide % LANES) {
                multiply_edge(terms, count, place, high, wide, from, start_stride, to, result_stride);
            } else {
                multiply_block(terms, count, place, high > LANES, wide > LANES, from, start_stride, to, result_stride);
            }
        }
    }
}
