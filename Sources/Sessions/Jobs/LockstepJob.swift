internal import Basics

/// Pipelines that run in lockstep because they synchronize gradients at the end of each iteration.
///
/// An iteration lasts as long as the slowest of them needs, T'. Each other one runs its cheapest plan that is done by
/// then: at T_opt = min(T*, T'), where T* is its iteration time of least energy (Perseus, arXiv 2312.06902, section
/// 3.2).
package struct LockstepJob: Sendable {
  /// One pipeline of the job: one with a definition of its own, or one that shares another's.
  package struct Member: Sendable {
    package let name: String
    /// Which of the session's pipelines has its definition and frontier.
    package let source: Int
    /// What it runs now; nil until its frontier has been computed. Replicas with a straggler entry run that entry's.
    package internal(set) var choice: PlanChoice?
  }

  package let name: String
  /// By name.
  package internal(set) var members: [Member] = []
  /// By pipeline and replica.
  package internal(set) var stragglers: [Straggler] = []
  /// T', the iteration time of the slowest pipeline at its fastest plan; nil until a frontier has been computed.
  package internal(set) var slowestTimeSeconds: Double?

  init(name: String) { self.name = name }

  /// Where a member stands; O(log members).
  package func memberIndex(_ name: String) -> Int? {
    let key = ExactString(name)
    let index = members.partitionPoint { ExactString($0.name) < key }
    return index < members.count && ExactString(members[index].name) == key ? index : nil
  }

  /// Adds members of one source; O(members + names log names).
  mutating func insert(_ names: [String], source: Int) {
    let isOrdered = names.count == 1
    for name in names {
      let member = Member(name: name, source: source)
      if isOrdered {
        let key = ExactString(name)
        members.insert(member, at: members.partitionPoint { ExactString($0.name) < key })
      } else {
        members.append(member)
      }
    }
    if !isOrdered { members.sort { ExactString($0.name) < ExactString($1.name) } }
  }

  /// The entries of one pipeline, that of all its replicas first.
  package func stragglers(of pipeline: String) -> ArraySlice<Straggler> {
    let key = ExactString(pipeline)
    let first = stragglers.partitionPoint { ExactString($0.pipeline) < key }
    return stragglers[first...].prefix { ExactString($0.pipeline) == key }
  }

  /// What one report is about; an empty entry where nothing was reported.
  package func straggler(_ pipeline: String, replica: Int?) -> Straggler {
    stragglers(of: pipeline).first { $0.replica == replica } ?? Straggler(pipeline: pipeline, replica: replica)
  }

  /// Puts an entry in its place; one that is over is removed.
  ///
  /// - Returns: whether anything is different now.
  mutating func set(_ straggler: Straggler) -> Bool {
    let index = stragglers.partitionPoint { Straggler.precedes($0, straggler) }
    let isThere = index < stragglers.count && !Straggler.precedes(straggler, stragglers[index])
    if isThere, stragglers[index] == straggler { return false }
    if straggler.isOver {
      if isThere { stragglers.remove(at: index) }
      return isThere
    }
    if isThere { stragglers[index] = straggler } else { stragglers.insert(straggler, at: index) }
    return true
  }
}

/// A pipeline, or a replica of it, that runs another plan from now on.
package struct PlanChange: Sendable, Equatable {
  package let pipeline: String
  /// Nil for all replicas that have no straggler entry of their own.
  package let replica: Int?
  package let choice: PlanChoice
  /// What the plan takes when nothing is slow.
  package let iterationTimeSeconds: Double
  package let energyJoules: Double

  /// Whether both are to the same plan; plans of different frontiers may have the same number.
  package func isSamePlan(as other: PlanChange) -> Bool {
    choice == other.choice && iterationTimeSeconds == other.iterationTimeSeconds && energyJoules == other.energyJoules
  }
}

extension Array {
  /// The first index whose element does not satisfy a predicate that holds for a prefix; O(log count).
  func partitionPoint(_ isBefore: (Element) -> Bool) -> Int {
    var range = 0..<count
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = isBefore(self[middle]) ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }
}
