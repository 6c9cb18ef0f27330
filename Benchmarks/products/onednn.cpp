// What oneDNN's bfloat16 product reaches with weights as they lie, and whether its bits depend on threads.
//
//     apt-get install libdnnl-dev
//     g++ -O2 -fopenmp onednn.cpp -o onednn -ldnnl
//     OMP_NUM_THREADS=1 ./onednn [TOKENS OUTPUTS INPUTS]...
//
// Each line: GFLOP/s of the product alone and with its float32 activations rounded first, the median of nine; the
// implementation; a hash of the result. With one thread the seconds are the processor's, as compare.py has them.
#include <dnnl.hpp>
#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

static double seconds() {
    timespec time;
    clock_gettime(omp_get_max_threads() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void measure(bool forward, long tokens, long outputs, long inputs) {
    using namespace dnnl;
    using number = memory::data_type;
    static engine cpu(engine::kind::cpu, 0);
    static stream order(cpu);
    const long depth = forward ? inputs : outputs, columns = forward ? outputs : inputs;
    std::vector<float> x(tokens * depth), y(tokens * columns);
    std::vector<uint16_t> rounded(tokens * depth), w(outputs * inputs);
    srand(1);
    for (auto &value : x) { value = rand() / (float)RAND_MAX - 0.5f; }
    for (auto &value : w) {
        float weight = rand() / (float)RAND_MAX - 0.5f;
        uint32_t bits;
        memcpy(&bits, &weight, sizeof bits);
        value = bits >> 16;
    }
    memory::desc wide({tokens, depth}, number::f32, memory::format_tag::ab);
    memory::desc narrow({tokens, depth}, number::bf16, memory::format_tag::ab);
    memory::desc weights({depth, columns}, number::bf16, forward ? memory::dims{1, inputs} : memory::dims{inputs, 1});
    memory::desc result({tokens, columns}, number::f32, memory::format_tag::ab);
    memory source(wide, cpu, x.data()), left(narrow, cpu, rounded.data()), right(weights, cpu, w.data()),
        target(result, cpu, y.data());
    matmul::primitive_desc description(matmul::desc(narrow, weights, result), cpu);
    matmul product(description);
    reorder rounding(source, left);
    std::vector<double> alone, both;
    for (int round = 0; round < 9; round++) {
        double start = seconds();
        rounding.execute(order, source, left);
        order.wait();
        double middle = seconds();
        product.execute(order, {{DNNL_ARG_SRC, left}, {DNNL_ARG_WEIGHTS, right}, {DNNL_ARG_DST, target}});
        order.wait();
        alone.push_back(seconds() - middle);
        both.push_back(seconds() - start);
    }
    std::sort(alone.begin(), alone.end());
    std::sort(both.begin(), both.end());
    uint64_t hash = 0xcbf29ce484222325;
    for (float value : y) {
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        hash = (hash ^ bits) * 0x100000001b3;
    }
    const double operations = 2e-9 * tokens * outputs * inputs;
    printf("%s %ld tokens, %ld x %ld: %.0f, %.0f GFLOP/s; %s; %016lx\n", forward ? "forward" : "gradient", tokens,
           outputs, inputs, operations / alone[4], operations / both[4], description.impl_info_str(),
           (unsigned long)hash);
    fflush(stdout);
}

int main(int count, char **arguments) {
    std::vector<long> sizes;
    for (int i = 1; i < count; i++) { sizes.push_back(atol(arguments[i])); }
    if (sizes.empty()) {
        sizes = {128, 896, 896, 1024, 896, 896, 128, 4864, 896, 1024, 4864, 896, 128, 896, 4864, 1024, 896, 4864,
                 1024, 8960, 1536, 1024, 1536, 8960};
    }
    for (size_t i = 0; i + 2 < sizes.size(); i += 3) {
        measure(true, sizes[i], sizes[i + 1], sizes[i + 2]);
        measure(false, sizes[i], sizes[i + 1], sizes[i + 2]);
    }
}
