internal import Basics
internal import SimilarityKernels

/// Visits the kernels of all representations tile by tile, so that no kernel is ever whole in memory.
///
/// A strip of up to 1024 rows is packed once and multiplied with blocks of columns, one block a task. Tiles lie on or
/// above the diagonal. The partition depends on the sizes alone, and the tasks' sums are added in the order of the
/// tasks, so the bits do not depend on which worker ran which task.
struct GramSweep {
  private let models: [CenteredRepresentation]
  private let resources: AlignmentResources
  private var path: sk_path { resources.path }
  private let sampleCount: Int
  /// Rows and columns of a tile.
  private let tile: Int
  private let stripTiles: Int
  /// From one model's tile to the next; a little more than a tile, so that not all fall in one cache set.
  private let tileStride: Int

  /// What the workers' packed operands may take together beside their tiles.
  private static let packedBytes = 64 << 20

  init(_ models: [CenteredRepresentation], _ resources: AlignmentResources) {
    self.models = models
    self.resources = resources
    sampleCount = models.first?.sampleCount ?? 0
    let rowBytes = 4 * max(models.reduce(0) { $0 + $1.featureCount }, 1)
    var tile = 256
    while tile > 32 && tile * rowBytes > Self.packedBytes / 2 { tile /= 2 }
    self.tile = tile
    stripTiles = min(max(Self.packedBytes / (tile * rowBytes), 1), 1024 / tile)
    tileStride = tile * tile + 24
  }

  // MARK: What is summed

  /// The sums over all ordered pairs of different samples of each pair of models' kernels, and each kernel's sum over
  /// each sample's others; the latter only for Gaussian kernels.
  func pairProducts(
    rates: [Double], _ progress: ProgressHandle
  ) throws(RepresentationError) -> (pairs: [Double], rows: [[Double]]) {
    let (count, tile, path, tileStride) = (models.count, tile, path, tileStride)
    let pairCount = count * (count + 1) / 2
    var pairs = [Double](repeating: 0, count: pairCount)
    var rows = rates.isEmpty ? [] : models.map { _ in [Double](repeating: 0, count: sampleCount) }
    let norms = models.map(\.norms)
    let rowsInTask = stripTiles * tile + tile
    // A task's lanes for each pair, then for each model the sums of its rows and of its columns.
    let sumsPerTask = 8 * pairCount + (rates.isEmpty ? 0 : count * rowsInTask)
    try sweep(sumsPerTask: sumsPerTask, progress) { (visit, tiles, sums, isCancelled) in
      for row in 0..<visit.rows.count {
        if row % 32 == 0 && isCancelled() { return }
        let first = visit.isDiagonal ? row + 1 : 0
        let length = visit.columns.count - first
        if length <= 0 { continue }
        let elements = tiles + (row * tile + first)
        if !rates.isEmpty {
          for model in 0..<count {
            let values = elements + model * tileStride
            norms[model].withUnsafeBufferPointer { norms in
              sk_gaussian(
                path, values, Int64(length), norms[visit.rows.lowerBound + row],
                norms.baseAddress! + (visit.columns.lowerBound + first), rates[model])
            }
            let modelSums = sums + (8 * pairCount + model * rowsInTask)
            modelSums[visit.rowInStrip + row] += sk_add_row(
              path, values, Int64(length), modelSums + (rowsInTask - tile + first))
          }
        }
        sk_add_pair_products(path, elements, Int64(tileStride), Int64(count), Int64(length), sums)
      }
    } collect: { task, sums in
      for pair in 0..<pairCount {
        for lane in 0..<8 { pairs[pair] += 2 * sums[8 * pair + lane] }
      }
      for model in rows.indices {
        let modelSums = sums + (8 * pairCount + model * rowsInTask)
        for row in task.strip { rows[model][row] += modelSums[row - task.strip.lowerBound] }
        for column in task.columns {
          rows[model][column] += modelSums[rowsInTask - tile + column - task.columns.lowerBound]
        }
      }
    }
    return (pairs, rows)
  }

  /// For each model the square of the median distance between two samples, exact but for the rounding of distances: two
  /// sweeps count the squared distances by the upper and then the lower half of their bits.
  func medianSquaredDistances(_ progress: ProgressHandle) throws(RepresentationError) -> [Double] {
    let pairCount = sampleCount * (sampleCount - 1) / 2
    guard pairCount > 0 else {
      throw RepresentationError(
        .sampleCount, expected: "at least 2 samples", found: "\(sampleCount)", fix: "show the models more samples")
    }
    // The middle distance, or the two around the middle.
    let ranks = [(pairCount - 1) / 2, pairCount / 2]
    let upper = try histograms(prefixes: nil, progress.part(0...0.5))
    let found = upper.map { counts in ranks.map { Self.place($0, in: counts) } }
    let lower = try (0..<2).map { (which) throws(RepresentationError) in
      // The second rank falls into another bin only at a bin's end; then one more sweep finds its place.
      which == 1 && found.allSatisfy { $0[0].bin == $0[1].bin }
        ? []
        : try histograms(
          prefixes: found.map { $0[which].bin }, progress.part(which == 0 ? 0.5...0.75 : 0.75...1))
    }
    return found.indices.map { model in
      let distances = ranks.indices.map { which -> Double in
        let counts = lower[which].isEmpty ? lower[0][model] : lower[which][model]
        let place = found[model][which]
        let bits = UInt32(place.bin) << 16 | UInt32(Self.place(place.rank, in: counts).bin)
        return Double(Float(bitPattern: bits)).squareRoot()
      }
      let median = (distances[0] + distances[1]) / 2
      return median * median
    }
  }

  /// The bin that holds the element of a rank, and its rank within the bin.
  private static func place(_ rank: Int, in counts: [Int]) -> (bin: Int, rank: Int) {
    var rank = rank
    for (bin, count) in counts.enumerated() {
      if rank < count { return (bin, rank) }
      rank -= count
    }
    preconditionFailure("a rank beyond the counted elements")
  }

  /// For each model how often the squared distances, as singles, have each upper half of their bits; with prefixes, how
  /// often those with that upper half have each lower half.
  private func histograms(prefixes: [Int]?, _ progress: ProgressHandle) throws(RepresentationError) -> [[Int]] {
    let parallel = resources.parallel
    let (count, tile, path, tileStride) = (models.count, tile, path, tileStride)
    let norms = models.map(\.norms)
    let bins = 1 << 16
    // Sums of whole numbers are exact in any order, so each worker counts for itself.
    let counts = try SharedBuffer<Int>(count: parallel.workerCount * count * bins, resources)
    counts.base.initialize(repeating: 0, count: parallel.workerCount * count * bins)
    try sweep(sumsPerTask: 0, progress) { (visit, tiles, _, isCancelled) in
      for row in 0..<visit.rows.count {
        if row % 32 == 0 && isCancelled() { return }
        let first = visit.isDiagonal ? row + 1 : 0
        let length = visit.columns.count - first
        if length <= 0 { continue }
        for model in 0..<count {
          let values = tiles + (model * tileStride + row * tile + first)
          norms[model].withUnsafeBufferPointer { norms in
            sk_squared_distances(
              path, values, Int64(length), norms[visit.rows.lowerBound + row],
              norms.baseAddress! + (visit.columns.lowerBound + first))
          }
          let counts = counts.base + (visit.worker * count + model) * bins
          let prefix = prefixes?[model]
          for column in 0..<length {
            let bits = Float(values[column]).bitPattern
            if let prefix {
              if Int(bits >> 16) == prefix { counts[Int(bits & 0xFFFF)] += 1 }
            } else {
              counts[Int(bits >> 16)] += 1
            }
          }
        }
      }
    } collect: { _, _ in
    }
    return (0..<count).map { model in
      var total = [Int](repeating: 0, count: bins)
      for worker in 0..<parallel.workerCount {
        let counted = counts.base + (worker * count + model) * bins
        for bin in 0..<bins where counted[bin] > 0 { total[bin] += counted[bin] }
      }
      return total
    }
  }

  // MARK: The sweep

  /// One tile of every model, and its place.
  struct Visit {
    let worker: Int
    let rows: Range<Int>
    let columns: Range<Int>
    /// The position of the first row in its strip.
    let rowInStrip: Int
    var isDiagonal: Bool { rows.lowerBound == columns.lowerBound }
  }

  /// One block of columns below a strip.
  struct Task {
    let strip: Range<Int>
    let columns: Range<Int>
  }

  /// - Parameters:
  ///   - visit: gets the inner products of a tile's rows and columns, model after model, and may overwrite them; it
  ///     adds to the sums of its task, which begin at 0. Elements left of the diagonal are undefined.
  ///   - collect: gets the sums of each task, in order.
  private func sweep(
    sumsPerTask: Int, _ progress: ProgressHandle,
    visit: @Sendable (Visit, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, () -> Bool) -> Void,
    collect: (Task, UnsafeMutablePointer<Double>) -> Void
  ) throws(RepresentationError) {
    let parallel = resources.parallel
    let operands = try PackedStrips(models, tile: tile, stripTiles: stripTiles, resources)
    let tiles = try SharedBuffer<Double>(count: parallel.workerCount * models.count * tileStride, resources)
    // A wave is long enough to keep all workers busy, and short enough to report progress often.
    let wave = max(16, 4 * parallel.workerCount)
    let sums = try SharedBuffer<Double>(count: wave * sumsPerTask, resources)
    let (count, tile, tileStride, sampleCount, stripRows) = (
      models.count, tile, tileStride, sampleCount, stripTiles * tile
    )
    let total = Double(sampleCount) * Double(sampleCount + stripRows) / 2
    var done = 0.0
    for stripStart in stride(from: 0, to: sampleCount, by: stripRows) {
      let strip = stripStart..<min(stripStart + stripRows, sampleCount)
      operands.pack(strip, progress)
      try progress.check()
      // From the last block to the first: blocks at the diagonal are smaller and fill the gaps at the end.
      let starts = Array(stride(from: stripStart, to: sampleCount, by: tile).reversed())
      for waveStart in stride(from: 0, to: starts.count, by: wave) {
        let tasks = starts[waveStart..<min(waveStart + wave, starts.count)].map {
          Task(strip: strip, columns: $0..<min($0 + tile, sampleCount))
        }
        parallel(tasks.count) { (index, worker) in
          let task = tasks[index]
          let taskSums = sums.base + index * sumsPerTask
          taskSums.update(repeating: 0, count: sumsPerTask)
          operands.pack(task.columns, worker: worker)
          let workerTiles = tiles.base + worker * count * tileStride
          for rowStart in stride(
            from: strip.lowerBound, through: min(strip.upperBound - 1, task.columns.lowerBound), by: tile)
          {
            let rows = rowStart..<min(rowStart + tile, strip.upperBound)
            for model in 0..<count {
              if progress.isCancelled() { return }
              operands.multiply(
                model, (rowStart - strip.lowerBound) / tile, rows.count, task.columns.count, worker,
                isDiagonal: rowStart == task.columns.lowerBound, into: workerTiles + model * tileStride, progress)
            }
            if progress.isCancelled() { return }
            visit(
              Visit(worker: worker, rows: rows, columns: task.columns, rowInStrip: rowStart - strip.lowerBound),
              workerTiles, taskSums
            ) { progress.isCancelled() }
          }
        }
        try progress.check()
        for (index, task) in tasks.enumerated() {
          collect(task, sums.base + index * sumsPerTask)
          done += Double(task.columns.count * task.strip.count)
        }
        progress.report(min(done / total, 1))
      }
    }
  }
}
