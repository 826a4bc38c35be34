internal import Basics
internal import Files
internal import ModelSelection
internal import Representations
internal import Sessions
internal import TrimtabServer

/// `trimtab similarity`: how similar models are, by their representations of the same samples.
struct SimilarityCommand {
  static let help = """
    trimtab similarity A.npy B.npy ...   CKA of each two, and clusters
      A.npy                      one model: samples x features, float16, float32 or float64, as numpy.save writes it
      --kernel NAME              linear or rbf (linear)
      --bandwidth FRACTION       of the median distance between samples, for rbf (1)
      --unbiased                 estimate that does not depend on the number of samples
      --batch N                  mean of unbiased estimates over batches of N samples
      --threshold SIMILARITY     join clusters down to this similarity (\(ClusteringSettings().encoderThreshold))
      --linkage NAME             \(Linkage.allCases.map(\.rawValue).joined(separator: ", ")) (average)
      --threads N                (one for each core)
      --json                     print one JSON document instead of the table
      example: trimtab similarity clip.npy siglip.npy dino.npy

    """

  private let paths: [String]
  private let kernel: SampleKernel
  private let estimator: AlignmentEstimator
  private let threshold: Double
  private let linkage: Linkage
  private let threadCount: Int?
  private let printsJSON: Bool

  init(_ arguments: [String]) throws(CommandFailure) {
    let arguments = try Arguments(
      arguments, options: ["--kernel", "--bandwidth", "--batch", "--threshold", "--linkage", "--threads"],
      flags: ["--unbiased", "--json"])
    paths = arguments.words
    guard paths.count >= 2 else {
      throw CommandFailure(
        status: .usage, message: "expected two or more .npy files, found \(paths.count); see trimtab --help")
    }
    let bandwidth = try arguments.number("--bandwidth", atLeast: 1e-6)
    switch try arguments.word("--kernel", of: ["linear", "rbf"]) {
    case "rbf": kernel = .rbf(bandwidthFraction: bandwidth ?? 1)
    case _ where bandwidth == nil: kernel = .linear
    default:
      throw CommandFailure(status: .usage, message: "--bandwidth: expected it with --kernel rbf, found it without")
    }
    if let size = try arguments.integer("--batch", in: 4...(1 << 40)) {
      estimator = .minibatch(size: size)
    } else {
      estimator = arguments.has("--unbiased") ? .unbiased : .biased
    }
    threshold = try arguments.number("--threshold", atLeast: -1) ?? ClusteringSettings().encoderThreshold
    let name = arguments.text("--linkage") ?? Linkage.average.rawValue
    guard let linkage = Linkage(rawValue: name) else {
      let known = Linkage.allCases.map(\.rawValue).joined(separator: ", ")
      throw CommandFailure(status: .usage, message: "--linkage: expected one of \(known), found \"\(name)\"")
    }
    self.linkage = linkage
    threadCount = try arguments.integer("--threads", in: 1...1024)
    printsJSON = arguments.has("--json")
  }

  /// Compares, clusters, and prints the table or the document.
  func run() throws(CommandFailure) {
    let models = try paths.map { (path) throws(CommandFailure) in try Self.read(path) }
    let report = SimilarityReport(
      paths: paths, models: models, kernel: kernel, estimator: estimator, threshold: threshold, linkage: linkage,
      alignment: try compare(models))
    try writeOutput(printsJSON ? report.json : report.table)
  }

  private static func read(_ path: String) throws(CommandFailure) -> Representation {
    let file: OpenFile
    do throws(FileError) {
      file = try OpenFile(path)
    } catch {
      throw CommandFailure(
        status: .noInput, message: "\(path): expected a readable file, found: \(error.found); check the path")
    }
    do throws(RequestError) {
      return try Representation(npy: file, field: "", memory: Limits.representationMemory)
    } catch {
      throw CommandFailure(
        status: error.kind == .unreadableFile ? .noInput : .badInput, message: "\(path): \(error.message)")
    }
  }

  private func compare(_ models: [Representation]) throws(CommandFailure) -> AlignmentMatrix {
    let progress = ProgressBar()
    defer { progress.finish() }
    do throws(RepresentationError) {
      return try AlignmentMatrix(
        of: models, kernel: kernel, estimator: estimator,
        parallel: threadCount.map { .threads($0) } ?? .threads(), memory: Limits.representationMemory,
        progress: ProgressHandle(report: { progress.show($0) }))
    } catch {
      let place = error.index.map { paths[$0] + ": " } ?? ""
      throw CommandFailure(status: .badInput, message: place + error.message)
    }
  }
}
