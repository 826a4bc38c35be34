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
    .library(name: "TrimtabClient", targets: ["TrimtabClient"]),
    .executable(name: "trimtab", targets: ["trimtab"]),
  ],
  targets: [
    // The ground floor: what several targets need and none owns. Imports nothing of ours.
    .target(name: "Basics", swiftSettings: settings),
    .testTarget(name: "BasicsTests", dependencies: ["Basics"], swiftSettings: settings),

    // The platform's C library under one name.
    .target(name: "CLibrary", swiftSettings: settings),

    // Files: opened below roots, read, written, listed.
    .target(name: "Files", dependencies: ["Basics", "CLibrary"], swiftSettings: settings),
    .testTarget(name: "FilesTests", dependencies: ["CLibrary", "Files"], swiftSettings: settings),

    // Which file a name leads to, asked so that the next write is not slower for it.
    .target(name: "FileIdentity"),

    // Journals: framed records, group commit, recovery, and the directory that holds them.
    .target(
      name: "Journal", dependencies: ["Basics", "CLibrary", "FileIdentity", "Files"], exclude: ["GUIDE.md"],
      swiftSettings: settings),
    .testTarget(
      name: "JournalTests", dependencies: ["Basics", "CLibrary", "Files", "Journal", "TestSupport"],
      swiftSettings: settings),

    // What tests of several targets share.
    .target(
      name: "TestSupport", dependencies: ["Basics", "Files", "Journal"], path: "Tests/TestSupport",
      swiftSettings: settings),

    // The engine: from measured options to the exact curve, plans and certificates. Imports only Basics.
    // A program that embeds only this library imports no C library, and on Linux rounding functions live in libm.
    .target(
      name: "EnergyFrontier", dependencies: ["Basics"], exclude: ["GUIDE.md"], swiftSettings: settings,
      linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    .testTarget(
      name: "EnergyFrontierTests", dependencies: ["Basics", "CLibrary", "EnergyFrontier", "TestSupport"],
      swiftSettings: settings),

    // The engine of model selection: what to train next, and what is best so far. Imports only Basics.
    .target(
      name: "ModelSelection", dependencies: ["Basics"], exclude: ["GUIDE.md"], swiftSettings: settings,
      linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    .testTarget(name: "ModelSelectionTests", dependencies: ["Basics", "ModelSelection"], swiftSettings: settings),

    // Arithmetic on blocks of single-precision numbers, with the instructions that the processor turns out to have.
    .target(name: "SimilarityKernels"),
    .testTarget(
      name: "SimilarityKernelsTests", dependencies: ["Basics", "SimilarityKernels"], swiftSettings: settings),

    // Matrices of representations as they are stored, and how alike two of them are.
    .target(
      name: "Representations", dependencies: ["Basics", "SimilarityKernels"], exclude: ["GUIDE.md"],
      swiftSettings: settings,
      linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    .testTarget(
      name: "RepresentationsTests", dependencies: ["Basics", "CLibrary", "Representations"], swiftSettings: settings),

    // JSON text, values and typed object readers and writers.
    .target(name: "JSON", dependencies: ["Basics", "CLibrary"], swiftSettings: settings),
    .testTarget(name: "JSONTests", dependencies: ["Basics", "CLibrary", "JSON"], swiftSettings: settings),

    // Manifests as text: TOML or JSON, also half written, with the place of each value.
    .target(name: "ManifestText", dependencies: ["Basics"], swiftSettings: settings),
    .testTarget(
      name: "ManifestTextTests", dependencies: ["Basics", "CLibrary", "ManifestText"], swiftSettings: settings),

    // JSON-RPC 2.0 over byte streams; knows no product name.
    .target(name: "JSONRPC", dependencies: ["Basics", "CLibrary", "JSON"], swiftSettings: settings),
    .testTarget(
      name: "JSONRPCTests", dependencies: ["Basics", "CLibrary", "JSON", "JSONRPC"], swiftSettings: settings),

    // Session state, its pure steps, and the pool that runs long computations.
    .target(
      name: "Sessions",
      dependencies: ["Basics", "CLibrary", "EnergyFrontier", "Files", "JSON", "ModelSelection", "Representations"],
      swiftSettings: settings),

    .testTarget(
      name: "SessionsTests",
      dependencies: [
        "Basics", "CLibrary", "EnergyFrontier", "JSON", "ModelSelection", "Representations", "Sessions", "TestSupport",
      ],
      swiftSettings: settings),

    // One file per RPC method, and the server that routes to them.
    .target(
      name: "TrimtabServer",
      dependencies: [
        "Basics", "CLibrary", "EnergyFrontier", "Files", "JSON", "JSONRPC", "Journal", "ManifestText",
        "ModelSelection", "Representations", "Sessions",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "Basics", "CLibrary", "EnergyFrontier", "JSON", "JSONRPC", "Journal", "ManifestText", "ModelSelection",
        "Sessions", "TestSupport", "Transcripts", "TrimtabServer",
      ],
      swiftSettings: settings),

    // Recorded conversations, replayed in process.
    .target(
      name: "Transcripts",
      dependencies: ["Basics", "CLibrary", "JSON", "JSONRPC", "Journal", "Sessions", "TrimtabServer"],
      swiftSettings: settings),

    // Writes and checks protocol-spec/ and the transcripts' answers.
    .executableTarget(
      name: "protocol-tool",
      dependencies: ["Basics", "CLibrary", "Files", "JSON", "Sessions", "Transcripts", "TrimtabServer"],
      swiftSettings: settings),

    // Tools for assistants, by the Model Context Protocol, as requests of our own.
    .target(
      name: "MCP", dependencies: ["Basics", "CLibrary", "JSON", "JSONRPC", "TrimtabServer"], swiftSettings: settings),

    // A client for Swift programs, with a server in a process of its own or in theirs.
    .target(
      name: "TrimtabClient", dependencies: ["Basics", "CLibrary", "JSON", "JSONRPC", "TrimtabServer"],
      swiftSettings: settings),
    .testTarget(name: "TrimtabClientTests", dependencies: ["TestSupport", "TrimtabClient"], swiftSettings: settings),

    // The command line.
    .executableTarget(
      name: "trimtab",
      dependencies: [
        "Basics", "CLibrary", "EnergyFrontier", "Files", "JSON", "JSONRPC", "Journal", "MCP", "ManifestText",
        "ModelSelection", "Representations", "Sessions", "Transcripts", "TrimtabServer",
      ],
      swiftSettings: settings),
  ]
)

// libFuzzer's targets, which link only with it: `Tests/FuzzTargets/run` sets the variable.
if Context.environment["TRIMTAB_FUZZ_TARGETS"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz-targets",
      dependencies: [
        "Basics", "CLibrary", "EnergyFrontier", "JSON", "JSONRPC", "Journal", "ManifestText", "Representations",
        "Sessions", "TestSupport",
      ],
      path: "Tests/FuzzTargets", exclude: ["run", "corpus.py"],
      swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]))
}

// The released binary: what translates, shows, and waits for files rather than computes is compiled for size.
// `make release` sets the variable; without it, packages that depend on this one meet no unsafe flag.
if Context.environment["TRIMTAB_RELEASE"] != nil {
  let forSize = ["Files", "Journal", "MCP", "ManifestText", "Transcripts", "TrimtabServer", "trimtab"]
  for target in package.targets where forSize.contains(target.name) {
    target.swiftSettings = settings + [.unsafeFlags(["-Osize"])]
  }
}
