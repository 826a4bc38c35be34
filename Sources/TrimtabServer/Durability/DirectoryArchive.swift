internal import Basics
internal import EnergyFrontier
internal import Journal
internal import Sessions

/// Plans that are kept in a state directory.
struct DirectoryArchive: PlanArchive {
  private let files: KeptFiles

  init(_ directory: StateDirectory) { files = directory.keptFiles }

  func plans(for key: PlanKey) -> StoredPlans? {
    files.contents(ExactString(key.session), key.revision, key.description).flatMap { StoredPlans($0) }
  }

  func keep(_ plans: StoredPlans, for key: PlanKey) {
    files.keep(plans.bytes, ExactString(key.session), key.revision, key.description)
  }
}
