import CLibrary
import ManifestText

/// What libFuzzer feeds; `TRIMTAB_FUZZ_TARGET` names one. A target returns whatever its bytes are: what counts is that
/// no byte sequence ends the process, takes longer than a second, or breaks a rule that the target checks.
enum Target: String, CaseIterable {
  /// Bytes as they come over a pipe, whole and in pieces.
  case frames
  /// One message or batch.
  case envelope
  /// The bytes of a journal's file, with or without their checksums mended.
  case journal
  case profileCSV = "profile-csv"
  case scheduleCSV = "schedule-csv"
  case npy
  case manifestTOML = "manifest-toml"
  case manifestJSON = "manifest-json"

  static let chosen: Target = {
    let name = getenv("TRIMTAB_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = Target(rawValue: name) else {
      fatalError("TRIMTAB_FUZZ_TARGET: one of \(allCases.map(\.rawValue).joined(separator: ", ")), found \(name)")
    }
    return target
  }()

  private func run(_ bytes: [UInt8]) {
    switch self {
    case .frames: FrameTarget.run(bytes)
    case .envelope: EnvelopeTarget.run(bytes)
    case .journal: JournalTarget.run(bytes)
    case .profileCSV: FileTarget.runProfile(bytes)
    case .scheduleCSV: FileTarget.runSchedule(bytes)
    case .npy: FileTarget.runNPY(bytes)
    case .manifestTOML: FileTarget.runManifest(bytes, .toml)
    case .manifestJSON: FileTarget.runManifest(bytes, .json)
    }
  }

  /// Runs within a second of CPU time: a busy machine makes no hang.
  func runInTime(_ bytes: [UInt8]) {
    let start = cpuSeconds()
    run(bytes)
    precondition(cpuSeconds() - start < 1, "more than a second of computing")
  }

  private func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}

/// libFuzzer's loop. SwiftPM gives each executable an entry of its own, so libFuzzer's is not used.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ runOne: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main enum FuzzTargets {
  static func main() {
    var (count, arguments) = (CommandLine.argc, CommandLine.unsafeArgv)
    exit(
      runDriver(&count, &arguments) { bytes, count in
        Target.chosen.runInTime(Array(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
      })
  }
}
