// swift-tools-version: 6.2
// Trimtab: Swift standard library and the platform's C library only, no package dependencies.

import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "trimtab",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "EnergyFrontier", targets: ["EnergyFrontier"]),
    .library(name: "ModelSelection", targets: ["ModelSelection"]),
    .executable(name: "trimtab", targets: ["trimtab"]),
  ],
  targets: [
    // The engine: from measured options to the exact curve, plans and certificates. Imports nothing of ours.
    // A program that embeds only this library imports no C library, and on Linux rounding functions live in libm.
    .target(
      name: "EnergyFrontier", exclude: ["GUIDE.md"], swiftSettings: settings,
      linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    .testTarget(name: "EnergyFrontierTests", dependencies: ["EnergyFrontier"], swiftSettings: settings),

    // The engine of model selection: what to train next, and what is best so far. Imports nothing of ours.
    .target(
      name: "ModelSelection", exclude: ["GUIDE.md"], swiftSettings: settings,
      linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    .testTarget(name: "ModelSelectionTests", dependencies: ["ModelSelection"], swiftSettings: settings),

    // Arithmetic on blocks of single-precision numbers, with the instructions that the processor turns out to have.
    .target(name: "SimilarityKernels"),
    .testTarget(name: "SimilarityKernelsTests", dependencies: ["SimilarityKernels"], swiftSettings: settings),

    // Matrices of representations as they are stored, and how alike two of them are.
    .target(
      name: "Representations", dependencies: ["SimilarityKernels"], exclude: ["GUIDE.md"], swiftSettings: settings,
      linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    .testTarget(name: "RepresentationsTests", dependencies: ["Representations"], swiftSettings: settings),

    // JSON text, values and typed object readers and writers.
    .target(name: "JSON", swiftSettings: settings),
    .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: settings),

    // JSON-RPC 2.0 over byte streams; knows no product name.
    .target(name: "JSONRPC", dependencies: ["JSON"], swiftSettings: settings),
    .testTarget(name: "JSONRPCTests", dependencies: ["JSON", "JSONRPC"], swiftSettings: settings),

    // Session state, its pure steps, and the pool that runs long computations.
    .target(
      name: "Sessions", dependencies: ["EnergyFrontier", "JSON", "ModelSelection", "Representations"],
      swiftSettings: settings),

    // One file per RPC method, and the server that routes to them.
    .target(
      name: "TrimtabServer",
      dependencies: ["EnergyFrontier", "JSON", "JSONRPC", "ModelSelection", "Representations", "Sessions"],
      swiftSettings: settings),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "EnergyFrontier", "JSON", "JSONRPC", "ModelSelection", "Sessions", "Transcripts", "TrimtabServer",
      ],
      swiftSettings: settings),

    // Recorded conversations, replayed in process.
    .target(name: "Transcripts", dependencies: ["JSON", "JSONRPC", "TrimtabServer"], swiftSettings: settings),

    // Writes and checks protocol-spec/ and the transcripts' answers.
    .executableTarget(
      name: "protocol-tool", dependencies: ["JSON", "Sessions", "Transcripts", "TrimtabServer"], swiftSettings: settings
    ),

    // The command line.
    .executableTarget(
      name: "trimtab",
      dependencies: [
        "EnergyFrontier", "JSON", "JSONRPC", "ModelSelection", "Representations", "Sessions", "TrimtabServer",
      ],
      swiftSettings: settings),
  ]
)
