package import JSON

/// What an answer says about its request beside what the method answers.
package struct Warnings: AnswerObject {
  let unknown: UnknownFields

  package static let fields = Fields<Warnings> {
    Field("warnings", "Fields of the request that the method does not know, at most 16; absent where there are none.") {
      $0.unknown.list.isEmpty ? nil : $0.unknown.list
    }
  }
}

/// An answer with the warnings about its request. `null` carries none.
struct WarnedAnswer<Answer: DeclaredObject>: ObjectWritable {
  let answer: Answer
  let unknown: UnknownFields

  func write(to object: inout ObjectWriter) {
    answer.write(to: &object)
    Warnings(unknown: unknown).write(to: &object)
  }

  func writeValue(to object: inout ObjectWriter) {
    if unknown.list.isEmpty || Answer.fieldType == .null {
      answer.writeValue(to: &object)
    } else {
      object.braced(write)
    }
  }
}
