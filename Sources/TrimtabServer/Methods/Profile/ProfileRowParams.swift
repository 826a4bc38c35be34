internal import EnergyFrontier
internal import JSON
internal import Sessions

extension ProfileSubmit {
  /// One measured option as the client sends it: measured once, or with its samples.
  struct Row: ObjectReadable {
    let row: ProfileRow

    init(from reader: inout ObjectReader) throws(InvalidField) {
      let table = TableKey(
        stage: try reader.required("stage", .integer(in: 0...4095), "The stage, from 0."),
        instruction: try reader.required("instruction", .text(), "The kind of instruction, such as `forward`."))
      let setting = try reader.required(
        "frequency", .any,
        """
        The setting, usually a clock in MHz, or an object with a member for each of several knobs, whose order does \
        not matter. Comes back as it was sent.
        """)
      let time = try reader.optional(
        "timeSeconds", .number(in: Measurement.acceptedRange), "Seconds one execution took.")
      let energy = try reader.optional(
        "energyJoules", .number(in: Measurement.acceptedRange), "Joules one device drew during it.")
      let samples = try reader.optional(
        "samples", .list(of: .object(Sample.self), count: 1...Limits.samplesOfMeasurement),
        """
        The same for each of several executions, oldest first, instead of the two. Outliers among them are left out, \
        and the rest is averaged. Rows that repeat a frequency are samples too.
        """
      )
      let sensor = try reader.optional(
        "sensorPowerWatts", .number(in: Measurement.acceptedRange),
        "Watts the device's power sensor showed meanwhile; a different power by time and energy is flagged.")
      let interval = try reader.optional(
        "samplingIntervalSeconds", .number(in: Measurement.acceptedRange),
        "How often the device's energy counter moves, if other than for the whole request.")
      try reader.check(
        samples != nil || time != nil, "timeSeconds", expected: "a number beside energyJoules, or samples")
      try reader.check(
        samples != nil || energy != nil, "energyJoules", expected: "a number beside timeSeconds, or samples")
      try reader.check(
        samples == nil || (time == nil && energy == nil), "samples",
        expected: "either samples, or timeSeconds and energyJoules")
      row = ProfileRow(
        table: table, setting: setting,
        samples: samples?.map(\.measurement) ?? [
          Measurement(timeSeconds: time ?? 1, energyJoules: energy ?? 1)
        ],
        sensorPowerWatts: sensor, samplingIntervalSeconds: interval)
    }
  }

  /// One execution that was measured.
  struct Sample: ObjectReadable {
    let measurement: Measurement

    init(from reader: inout ObjectReader) throws(InvalidField) {
      measurement = Measurement(
        timeSeconds: try reader.required("timeSeconds", .number(in: Measurement.acceptedRange), "Seconds it took."),
        energyJoules: try reader.required(
          "energyJoules", .number(in: Measurement.acceptedRange), "Joules one device drew during it."))
    }
  }

  /// Measurements that are taken back.
  struct Withdrawal: ObjectReadable {
    let withdrawal: ProfileSubmission.Withdrawal

    init(from reader: inout ObjectReader) throws(InvalidField) {
      let table = TableKey(
        stage: try reader.required("stage", .integer(in: 0...4095), "The stage, from 0."),
        instruction: try reader.required("instruction", .text(), "The kind of instruction."))
      let setting = try reader.optional("frequency", .any, "The setting; without it all settings are withdrawn.")
      withdrawal = ProfileSubmission.Withdrawal(table: table, setting: setting)
    }
  }
}
