import Adapters
import Checkpoints

extension RunFinisher {
    /// Says what the output of a PiSSA run is good for, and with `pissa_convert` leaves the reference's folders inside it.
    ///
    /// - Parameter converts: whether the folders are asked for
    func writePiSSAFolders(_ adapter: Adapter, converts: Bool) throws {
        guard adapter.hasStart else { return }
        report(
            .note(
                "\(saver.output.path) holds an ordinary adapter for the untouched base, of twice the rank: use this one"
            ))
        guard converts else { return }
        for folder in PiSSAFolder.allCases {
            let place = try saver.output.folder(named: folder.rawValue)
            try adapter.save(folder, into: place)
            try place.synchronize()
            report(.note("\(place.path) holds \(folder.purpose)"))
        }
    }
}
