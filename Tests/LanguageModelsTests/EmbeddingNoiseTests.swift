import LanguageModels
import Testing

struct EmbeddingNoiseTests {
    /// The reference's number for rows of ten tokens (training-and-inference, 8.10).
    @Test func theBoundIsThatOfPaddedRows() {
        let bound = EmbeddingNoise(strength: 5, paddedLength: 10).bound(hidden: 32)
        #expect(abs(bound - 0.2795085) < 1e-7)
        #expect(EmbeddingNoise(strength: 5, paddedLength: 0).bound(hidden: 4).isFinite)
    }
}
