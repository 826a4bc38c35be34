// The initialisers of ``Field`` once more for the types that most fields have. Swift prefers them to the generic ones,
// which look their types up each time they write: nine of ten fields of a query then cost two calls and no allocation.
extension Field {
  package init(
    _ name: StaticString, unit: String? = nil, _ doc: String, _ value: @escaping @Sendable (Object) -> Double
  ) {
    self.init(name, Double.self, isRequired: true, unit, doc) { $1.field(name, value($0)) }
  }

  package init(
    _ name: StaticString, unit: String? = nil, _ doc: String, _ value: @escaping @Sendable (Object) -> Double?
  ) {
    self.init(name, Double.self, isRequired: false, unit, doc) { $1.field(name, value($0)) }
  }

  package init(
    _ name: StaticString, unit: String? = nil, _ doc: String, _ value: @escaping @Sendable (Object) -> Int
  ) {
    self.init(name, Int.self, isRequired: true, unit, doc) { $1.field(name, value($0)) }
  }

  package init(
    _ name: StaticString, unit: String? = nil, _ doc: String, _ value: @escaping @Sendable (Object) -> Int?
  ) {
    self.init(name, Int.self, isRequired: false, unit, doc) { $1.field(name, value($0)) }
  }

  package init(
    _ name: StaticString, unit: String? = nil, _ doc: String, _ value: @escaping @Sendable (Object) -> Bool
  ) {
    self.init(name, Bool.self, isRequired: true, unit, doc) { $1.field(name, value($0)) }
  }

  package init(
    _ name: StaticString, unit: String? = nil, _ doc: String, _ value: @escaping @Sendable (Object) -> Bool?
  ) {
    self.init(name, Bool.self, isRequired: false, unit, doc) { $1.field(name, value($0)) }
  }

  package init(
    _ name: StaticString, unit: String? = nil, _ doc: String, _ value: @escaping @Sendable (Object) -> String
  ) {
    self.init(name, String.self, isRequired: true, unit, doc) { $1.field(name, value($0)) }
  }

  package init(
    _ name: StaticString, unit: String? = nil, _ doc: String, _ value: @escaping @Sendable (Object) -> String?
  ) {
    self.init(name, String.self, isRequired: false, unit, doc) { $1.field(name, value($0)) }
  }
}
