internal import Basics

/// Where two values first differ in anything they hold, private parts included; nil where they are equal.
///
/// Found by reflection, so that a property that is added later is compared too. Objects are equal when they are the
/// same one, and functions are not compared.
///
/// - Parameter comparesObjects: whether objects are equal when what they hold is, as those of two processes may be;
///   where memory lies says nothing then.
public func firstDifference(_ a: Any, _ b: Any, path: String = "", comparesObjects: Bool = false) -> String? {
  if comparesObjects, a is UnsafeRawPointer || a is UnsafeMutableRawPointer { return nil }
  let (left, right) = (Mirror(reflecting: a), Mirror(reflecting: b))
  if left.displayStyle == .class, !comparesObjects {
    return (a as AnyObject) === (b as AnyObject) ? nil : "\(path): another object"
  }
  guard left.children.count == right.children.count else {
    return "\(path): \(left.children.count) parts, then \(right.children.count)"
  }
  guard !left.children.isEmpty else {
    if left.displayStyle == nil, "\(type(of: a))".contains("->") { return nil }
    let (first, second) = ("\(a)", "\(b)")
    return first.utf8.elementsEqual(second.utf8) ? nil : "\(path): \(first), then \(second)"
  }
  if left.displayStyle == .dictionary || left.displayStyle == .set {
    return firstDifference(unordered: left, right, path: path, comparesObjects)
  }
  for (position, (first, second)) in zip(left.children, right.children).enumerated() {
    guard first.label == second.label else { return "\(path): \(first.label ?? ""), then \(second.label ?? "")" }
    let inner = "\(path).\(first.label ?? "\(position)")"
    if let difference = firstDifference(first.value, second.value, path: inner, comparesObjects: comparesObjects) {
      return difference
    }
  }
  return nil
}

/// The order of dictionaries and sets says nothing, so their parts are paired by the text of the key or element.
private func firstDifference(
  unordered left: Mirror, _ right: Mirror, path: String, _ comparesObjects: Bool
) -> String? {
  func keyed(_ mirror: Mirror) -> [ExactString: Any] {
    Dictionary(
      mirror.children.map { child in
        let parts = Array(Mirror(reflecting: child.value).children)
        return parts.count == 2 && mirror.displayStyle == .dictionary
          ? (ExactString(String(reflecting: parts[0].value)), parts[1].value)
          : (ExactString(String(reflecting: child.value)), child.value)
      }, uniquingKeysWith: { first, _ in first })
  }
  let (first, second) = (keyed(left), keyed(right))
  for (key, value) in first {
    guard let other = second[key] else { return "\(path): \(key), then nothing" }
    if let difference = firstDifference(value, other, path: "\(path)[\(key)]", comparesObjects: comparesObjects) {
      return difference
    }
  }
  return nil
}
