/// Colours for watts: cividis, which looks the same with colour-vision deficiencies and keeps its order in grey.
///
/// Source: Nunez, Anderton & Renslow 2018 (10.1371/journal.pone.0199239), sampled at ten points.
struct PowerScale {
  let lowestWatts: Double
  let highestWatts: Double

  private static let colours: [(red: Double, green: Double, blue: Double)] = [
    (0, 34, 78), (18, 53, 112), (59, 73, 108), (87, 93, 109), (112, 113, 115), (138, 134, 120), (165, 156, 116),
    (195, 179, 105), (225, 204, 85), (254, 232, 56),
  ]

  /// A scale from the least to the greatest of some watts, of which there is at least one.
  init(_ watts: [Double]) {
    let (low, high) = (watts.min() ?? 0, watts.max() ?? 1)
    // A scale of a single power still needs a width.
    (lowestWatts, highestWatts) = high > low ? (low, high) : (low - 0.5, high + 0.5)
  }

  /// The colour for a power, in SVG notation.
  func colour(_ watts: Double) -> String {
    let (red, green, blue) = mix(watts)
    return "#" + [red, green, blue].map(Self.hexadecimal).joined()
  }

  /// The colour of text on the colour for a power.
  func ink(_ watts: Double) -> String {
    let (red, green, blue) = mix(watts)
    return 0.299 * red + 0.587 * green + 0.114 * blue > 120 ? "#1a1a1a" : "#ffffff"
  }

  private func mix(_ watts: Double) -> (Double, Double, Double) {
    let share = min(1, max(0, (watts - lowestWatts) / (highestWatts - lowestWatts)))
    let place = share * Double(Self.colours.count - 1)
    let low = min(Int(place), Self.colours.count - 2)
    let (a, b, t) = (Self.colours[low], Self.colours[low + 1], place - Double(low))
    return (a.red + t * (b.red - a.red), a.green + t * (b.green - a.green), a.blue + t * (b.blue - a.blue))
  }

  private static func hexadecimal(_ value: Double) -> String {
    let digits = String(Int(value.rounded()), radix: 16)
    return digits.count < 2 ? "0" + digits : digits
  }
}
