package import JSON
internal import Representations
package import Sessions

/// `pool/attachRepresentation`: what a model makes of a sample of the task's data.
package enum PoolAttachRepresentation: SessionStep {
  package static let name = "pool/attachRepresentation"
  package static let purpose =
    "Attaches a matrix of representations, one row of features for each sample: of an encoder, or of a language model that is shown what an encoder makes of the samples. All models must be shown the same samples in the same order."
  package static let refusals: [RequestError.Kind] = [
    .unknownSession, .noPool, .unknownCandidate, .invalidRepresentation, .fileOutsideRoots, .unreadableFile,
  ]

  package struct Params: SessionScoped {
    package let session: String
    let entry: RepresentationEntry
    var resolved: PoolRepresentation?

    package init(from reader: inout ObjectReader) throws(InvalidField) {
      session = try reader.session()
      entry = try RepresentationEntry(from: &reader)
    }
  }

  package static let fileField: String? = "npyPath"

  package static func resolve(_ params: Params, _ files: FileAccess) throws(RequestError) -> Params {
    var resolved = params
    resolved.resolved = try params.entry.resolved(files)
    return resolved
  }

  /// A representation may have gigabytes, so a journal keeps its place and checks that the file is as it was.
  package static func recordedFile(_ resolved: Params) -> RecordedFile? {
    guard case .npyPath(_, let path, let crc)? = resolved.resolved?.source else { return nil }
    return RecordedFile(check: ["path": .string(path), "crc32c": .integer(Int64(crc))])
  }

  package static func resolve(recorded params: Params, _ file: JSON?) throws(RequestError) -> Params {
    var resolved = params
    resolved.resolved = try params.entry.resolved(recorded: file)
    return resolved
  }

  package static func apply(_ params: Params, to session: inout SessionState) throws(RequestError) -> StepResult<Answer>
  {
    guard let representation = params.resolved else { preconditionFailure("a step is given resolved params") }
    try session.editSearch { (search) throws(RequestError) in try search.attach(representation) }
    let count = session.search?.representationCount ?? 0
    return StepResult(Answer(revision: session.revision, matrix: representation.matrix, count: count))
  }

  package struct Answer: AnswerObject {
    let revision: Int
    let matrix: Representation
    let count: Int

    package static let fields = Fields<Answer> {
      Field("revision", "The number of changes that the session has accepted.") { $0.revision }
      Field("sampleCount", "Samples of this representation.") { $0.matrix.sampleCount }
      Field("featureCount", "Features of each.") { $0.matrix.featureCount }
      Field("elementType", "How its numbers are stored.") { $0.matrix.elementType }
      Field("representationCount", "Representations attached so far.") { $0.count }
    }
  }
}

extension ElementType: FieldValue {}
