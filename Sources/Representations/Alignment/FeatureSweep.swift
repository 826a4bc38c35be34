internal import Basics
internal import SimilarityKernels

/// The linear kernel's sums over pairs of features: the sum over all pairs of samples of the product of two models'
/// kernels is the squared Frobenius norm of the product of their representations, `||X' Y||^2`.
///
/// One task is a tile of one such product, over all samples; only the sum of its squares is kept.
struct FeatureSweep {
  private let models: [CenteredRepresentation]
  private let resources: AlignmentResources
  private var path: sk_path { resources.path }

  /// Rows and columns of a tile: large, because packing an operand costs as much as multiplying it with a few rows.
  private static let tile = 512

  init(_ models: [CenteredRepresentation], _ resources: AlignmentResources) {
    self.models = models
    self.resources = resources
  }

  private struct Task {
    let pair: Int
    let left: Int
    let right: Int
    let rows: Range<Int>
    let columns: Range<Int>
    /// 2 for a tile that also stands for its mirror image.
    let weight: Double
  }

  /// For each pair i <= j of models, by rising i, then j, the squared norm.
  func squaredProducts(_ progress: ProgressHandle) throws(RepresentationError) -> [Double] {
    let parallel = resources.parallel
    let tasks = tasks()
    let workspaces = try (0..<parallel.workerCount).map { (_) throws(RepresentationError) in try Workspace(resources) }
    let wave = max(16, 4 * parallel.workerCount)
    let lanes = try SharedBuffer<Double>(count: 8 * wave, resources)
    var sums = [Double](repeating: 0, count: models.count * (models.count + 1) / 2)
    for start in stride(from: 0, to: tasks.count, by: wave) {
      let count = min(wave, tasks.count - start)
      parallel(count) { [self] (index, worker) in
        let sums = lanes.base + 8 * index
        sums.update(repeating: 0, count: 8)
        run(tasks[start + index], workspaces[worker], into: sums, progress)
      }
      try progress.check()
      for index in 0..<count {
        let task = tasks[start + index]
        for lane in 0..<8 { sums[task.pair] += task.weight * lanes.base[8 * index + lane] }
      }
      progress.report(Double(start + count) / Double(tasks.count))
    }
    return sums
  }

  private func tasks() -> [Task] {
    func tiles(_ model: Int) -> [Range<Int>] {
      let width = models[model].featureCount
      return stride(from: 0, to: width, by: Self.tile).map { $0..<min($0 + Self.tile, width) }
    }
    return KernelStatistics.pairs(models.count).enumerated().flatMap { (pair, indices) in
      let (left, right) = indices
      return tiles(left).flatMap { rows in
        tiles(right).filter { left != right || $0.lowerBound >= rows.lowerBound }.map { columns in
          Task(
            pair: pair, left: left, right: right, rows: rows, columns: columns,
            weight: left == right && columns != rows ? 2 : 1)
        }
      }
    }
  }

  private final class Workspace: Sendable {
    let left: SharedBuffer<Float>
    let right: SharedBuffer<Float>
    let rows: SharedBuffer<Float>
    let doubles: SharedBuffer<Double>
    let product: SharedBuffer<Double>

    init(_ resources: AlignmentResources) throws(RepresentationError) {
      let panel = sk_panel_of(resources.path)
      let (tile, depth) = (FeatureSweep.tile, Int(sk_maximum_depth))
      left = try SharedBuffer(count: (tile + Int(panel.rows)) * depth, resources)
      right = try SharedBuffer(count: (tile + Int(panel.columns)) * depth, resources)
      rows = try SharedBuffer(count: tile * depth, resources)
      doubles = try SharedBuffer(count: tile, resources)
      product = try SharedBuffer(count: tile * tile, resources)
    }
  }

  private func run(
    _ task: Task, _ workspace: Workspace, into lanes: UnsafeMutablePointer<Double>, _ progress: ProgressHandle
  ) {
    let (panel, stride) = (sk_panel_of(path), Self.tile)
    workspace.product.base.update(repeating: 0, count: task.rows.count * stride)
    let sampleCount = models[task.left].sampleCount
    for start in Swift.stride(from: 0, to: sampleCount, by: Int(sk_maximum_depth)) {
      if progress.isCancelled() { return }
      let samples = start..<min(start + Int(sk_maximum_depth), sampleCount)
      pack(task.rows, of: task.left, samples, workspace, panel.rows, into: workspace.left.base)
      pack(task.columns, of: task.right, samples, workspace, panel.columns, into: workspace.right.base)
      sk_multiply(
        path, workspace.left.base, workspace.right.base, Int64(task.rows.count), Int64(task.columns.count),
        Int64(samples.count), workspace.product.base, Int64(stride), false)
    }
    for row in 0..<task.rows.count {
      sk_add_pair_products(path, workspace.product.base + row * stride, 0, 1, Int64(task.columns.count), lanes)
    }
  }

  private func pack(
    _ features: Range<Int>, of model: Int, _ samples: Range<Int>, _ workspace: Workspace, _ width: Int64,
    into target: UnsafeMutablePointer<Float>
  ) {
    for sample in samples {
      models[model].row(
        sample, features.lowerBound, features.count, path,
        into: workspace.rows.base + (sample - samples.lowerBound) * features.count, scratch: workspace.doubles.base)
    }
    sk_pack_columns(
      workspace.rows.base, Int64(features.count), Int64(features.count), Int64(samples.count), width, target)
  }
}
