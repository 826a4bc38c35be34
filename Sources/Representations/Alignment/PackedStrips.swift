internal import Basics
internal import SimilarityKernels

/// The operands of a sweep in the layout of the kernels: a strip of rows that all workers share, and a block of columns
/// for each worker.
final class PackedStrips: Sendable {
  private let models: [CenteredRepresentation]
  private let resources: AlignmentResources
  private var path: sk_path { resources.path }
  private let tile: Int
  /// Rows of a tile with those that fill its last panel.
  private let paddedRows: Int
  private let paddedColumns: Int
  /// All tiles of the strip, each with all models one after the other.
  private let left: SharedBuffer<Float>
  private let right: SharedBuffer<Float>
  private let floats: SharedBuffer<Float>
  private let doubles: SharedBuffer<Double>
  /// The features of the models before each model.
  private let featureOffsets: [Int]
  private let featureCount: Int
  private let widest: Int

  init(
    _ models: [CenteredRepresentation], tile: Int, stripTiles: Int, _ resources: AlignmentResources
  ) throws(RepresentationError) {
    self.models = models
    self.resources = resources
    self.tile = tile
    let workerCount = resources.parallel.workerCount
    let panel = sk_panel_of(resources.path)
    paddedRows = (tile + Int(panel.rows) - 1) / Int(panel.rows) * Int(panel.rows)
    paddedColumns = (tile + Int(panel.columns) - 1) / Int(panel.columns) * Int(panel.columns)
    var offset = 0
    featureOffsets = models.map { model in
      defer { offset += model.featureCount }
      return offset
    }
    featureCount = offset
    widest = models.map(\.featureCount).max() ?? 0
    left = try SharedBuffer(count: stripTiles * paddedRows * featureCount, resources)
    right = try SharedBuffer(count: workerCount * paddedColumns * featureCount, resources)
    floats = try SharedBuffer(count: workerCount * tile * widest, resources)
    doubles = try SharedBuffer(count: workerCount * widest, resources)
  }

  /// Packs a strip of rows; no worker may be using the strip.
  func pack(_ strip: Range<Int>, _ progress: ProgressHandle) {
    let tileCount = (strip.count + tile - 1) / tile
    resources.parallel(tileCount * models.count) { [self] (index, worker) in
      if progress.isCancelled() { return }
      let (place, model) = (index / models.count, index % models.count)
      let start = strip.lowerBound + place * tile
      pack(
        start..<min(start + tile, strip.upperBound), of: model, worker, sk_panel_of(path).rows, paddedRows,
        into: left.base + paddedRows * (place * featureCount + featureOffsets[model]))
    }
  }

  /// Packs a worker's block of columns.
  func pack(_ columns: Range<Int>, worker: Int) {
    for model in models.indices {
      pack(
        columns, of: model, worker, sk_panel_of(path).columns, paddedColumns,
        into: right.base + paddedColumns * (worker * featureCount + featureOffsets[model]))
    }
  }

  /// Packs depth after depth, so that the operands of one call of the kernel lie together.
  private func pack(
    _ samples: Range<Int>, of model: Int, _ worker: Int, _ width: Int64, _ padded: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    let width = (panel: width, features: models[model].featureCount)
    let rows = floats.base + worker * tile * widest
    for sample in samples {
      models[model].row(
        sample, 0, width.features, path, into: rows + (sample - samples.lowerBound) * width.features,
        scratch: doubles.base + worker * widest)
    }
    for depth in stride(from: 0, to: width.features, by: Int(sk_maximum_depth)) {
      let count = min(Int(sk_maximum_depth), width.features - depth)
      sk_pack_rows(
        rows + depth, Int64(width.features), Int64(samples.count), Int64(count), width.panel, target + depth * padded)
    }
  }

  /// Writes the inner products of the rows of a tile of the strip with the worker's columns.
  func multiply(
    _ model: Int, _ place: Int, _ rows: Int, _ columns: Int, _ worker: Int, isDiagonal: Bool,
    into product: UnsafeMutablePointer<Double>, _ progress: ProgressHandle
  ) {
    product.update(repeating: 0, count: tile * tile)
    let left = left.base + paddedRows * (place * featureCount + featureOffsets[model])
    let right = right.base + paddedColumns * (worker * featureCount + featureOffsets[model])
    let features = models[model].featureCount
    for depth in stride(from: 0, to: features, by: Int(sk_maximum_depth)) {
      if progress.isCancelled() { return }
      sk_multiply(
        path, left + depth * paddedRows, right + depth * paddedColumns, Int64(rows), Int64(columns),
        Int64(min(Int(sk_maximum_depth), features - depth)), product, Int64(tile), isDiagonal)
    }
  }
}
