// swift-tools-version: 6.2
// Programs that use Trimtab's libraries, as a package of your own would.

import PackageDescription

let package = Package(
  name: "trimtab-examples",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "trimtab", path: "../..")],
  targets: [
    // The two engines alone: no server, no JSON.
    .executableTarget(
      name: "EmbedEngines",
      dependencies: [
        .product(name: "EnergyFrontier", package: "trimtab"), .product(name: "ModelSelection", package: "trimtab"),
      ]),
    // A search with a server on a thread of the program, and its pushes.
    .executableTarget(name: "RunSearch", dependencies: [.product(name: "TrimtabClient", package: "trimtab")]),
  ]
)
