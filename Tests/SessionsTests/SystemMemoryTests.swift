import Testing

@testable import Sessions

@Suite struct SystemMemoryTests {
  @Test(arguments: [
    ("0::/", ["/sys/fs/cgroup/memory.max"]),
    ("0::/a/b", ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup/a/b/memory.max"]),
    (
      "4:memory:/job",
      ["/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/job/memory.limit_in_bytes"]
    ),
    ("9:name=systemd:/", []), ("3:cpu,cpuacct:/x", []), ("", []), ("0", []),
  ])
  func looksWhereTheSystemKeepsLimits(line: String, files: [String]) {
    #expect(SystemMemory.limitFiles(line[...]) == files)
  }

  @Test func isSomeMemory() { #expect(SystemMemory.byteCount > 1 << 24) }
}
