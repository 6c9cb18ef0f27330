import JSONDocuments
import LanguageModels
import LinuxSystem
import ModelExport
import Tensors
import Testing
import WeightFiles

@Suite struct LegacyExportTests {
    /// The old format holds what the new one does, and the whole product reads it.
    @Test(arguments: ["float32", "float16", "bfloat16"])
    func holdsTheSameNumbers(type: String) throws {
        let (old, new) = (try ExportFixture(), try ExportFixture())
        let base = ExportFixture.adapters + "/base"
        try old.export(base, ["plain"], "infer_dtype=\(type)", "export_legacy_format=true")
        try new.export(base, ["plain"], "infer_dtype=\(type)")
        #expect(try old.entries().contains("pytorch_model.bin"))
        #expect(try !old.entries().contains("model.safetensors"))
        let (left, right) = (try old.model(), try new.model())
        #expect(left.tensors.map(\.name) == right.tensors.map(\.name))
        for (one, other) in zip(left.tensors, right.tensors) {
            #expect(one.value.widened().array == other.value.widened().array, "\(one.name)")
        }
        #expect(try old.json("export_report.json")["verified"] == true)
    }

    /// Of two formats only one is there.
    @Test func replacesTheOtherFormat() throws {
        let fixture = try ExportFixture()
        let base = ExportFixture.adapters + "/base"
        try fixture.export(base, ["plain"])
        try fixture.export(base, ["plain"], "export_legacy_format=true")
        #expect(try !fixture.entries().contains("model.safetensors"))
        try fixture.export(base, ["plain"])
        #expect(try !fixture.entries().contains("pytorch_model.bin"))
    }

    /// The same tensors give the same bytes.
    @Test func archivesAreReproducible() throws {
        let fixture = try ExportFixture()
        let base = ExportFixture.adapters + "/base"
        var archives: [[UInt8]] = []
        for _ in 1...2 {
            try fixture.export(base, ["plain"], "export_legacy_format=true", "export_verify=false")
            archives.append(try MappedFile.contents(of: fixture.target + "/pytorch_model.bin"))
        }
        #expect(archives[0] == archives[1])
    }
}
