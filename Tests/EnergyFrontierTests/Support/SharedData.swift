import EnergyFrontier

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The optional folder of measured profiles and reference schedules; tests that need it are skipped where it is absent.
enum SharedData {
  /// From the environment, or beside the repository.
  static let folder: String = {
    if let named = getenv("TRIMTAB_SHARED_DATA") { return String(cString: named) }
    // Tests/EnergyFrontierTests/Support/SharedData.swift
    let repository = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
    return repository.joined(separator: "/") + "/../shared/data"
  }()

  static let isPresent = read("README.md") != nil
  static let absence = "the folder of shared data is absent; set TRIMTAB_SHARED_DATA to where it is"

  /// The text of a file in the folder, or nil when it cannot be opened.
  static func read(_ path: String) -> String? {
    guard let file = fopen(folder + "/" + path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[0..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The cells of a file in the folder, white space stripped, empty cells and empty lines left out.
  static func readTable(_ path: String) -> [[String]]? {
    read(path)?.split(whereSeparator: \.isNewline).map { line in
      line.split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
    }.filter { !$0.isEmpty }
  }

  /// A measured 8-stage profile under 1F1B.
  static func profile(
    _ name: String, blockingPowerWatts: Double, microbatchCount: Int
  ) throws -> IterationProblem? {
    guard let rows = readTable("perseus-sosp24/\(name).csv")?.dropFirst() else { return nil }
    let stageCount = 8
    func tableIndex(_ stage: Int, _ kind: InstructionKind) -> Int { 2 * stage + (kind == .forward ? 0 : 1) }
    var measurements: [[Measurement]] = Array(repeating: [], count: 2 * stageCount)
    for row in rows {
      guard row.count == 5, let stage = Int(row[0]), let kind = InstructionKind(rawValue: row[1]),
        let time = Double(row[3]), let energy = Double(row[4])
      else { return nil }
      measurements[tableIndex(stage, kind)].append(Measurement(timeSeconds: time, energyJoules: energy))
    }
    let schedule = try ExpandedSchedule(
      .oneForwardOneBackward, stageCount: stageCount, microbatchCount: microbatchCount)
    return try IterationProblem(
      graph: schedule.graph,
      tableOfInstruction: schedule.instructions.map { tableIndex($0.stage, $0.kind) },
      tables: measurements.map { try OptionTable(measurements: $0, blockingPowerWatts: blockingPowerWatts) },
      waitingPowerWatts: Double(stageCount) * blockingPowerWatts)
  }
}
