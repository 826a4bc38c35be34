// One program, compiled once for each library by measure.py: what it costs to import it, and how fast its JSON is.
#if FOUNDATION
  import Foundation
#elseif ESSENTIALS
  import FoundationEssentials
#elseif DISPATCH
  import Dispatch
#endif
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

// What the process has taken at most: the figure that its parent sees still counts the parent's own memory.
if CommandLine.arguments.contains("memory"), let file = fopen("/proc/self/status", "r") {
  var line = [CChar](repeating: 0, count: 256)
  while fgets(&line, 256, file) != nil {
    if strncmp(line, "VmHWM:", 6) == 0 { print(atol(Array(line.dropFirst(6)))) }
  }
  exit(0)
}

/// Seconds of this process's threads in user mode.
func userSeconds() -> Double {
  var usage = rusage()
  // RUSAGE_SELF is 0 everywhere, and of different types.
  getrusage(0, &usage)
  return Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) * 1e-6
}

#if FOUNDATION || ESSENTIALS
  struct Row: Decodable {
    let stage: Int
    let instruction: String
    let frequency: Int
    let timeSeconds: Double
    let energyJoules: Double
  }

  func report(_ name: String, _ data: Data, _ body: () throws -> Int) rethrows {
    let start = userSeconds()
    let count = try body()
    print("\(name) \(Double(data.count) / (userSeconds() - start) / 1e6) MB/s of user time, \(count) rows")
  }

  if CommandLine.arguments.count > 1 {
    let data = try Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1]))
    try report("JSONDecoder", data) { try JSONDecoder().decode([Row].self, from: data).count }
    #if FOUNDATION
      try report("JSONSerialization", data) { (try JSONSerialization.jsonObject(with: data) as? [Any])?.count ?? 0 }
    #endif
  }
#elseif DISPATCH
  let semaphore = DispatchSemaphore(value: 0)
  DispatchQueue.global().async { semaphore.signal() }
  semaphore.wait()
#endif
