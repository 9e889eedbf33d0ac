// Files under /proc and /sys as these machines have them, cut down to what is read. The texts of /proc/cpuinfo, of the Pi 5's
// PMIC, of powercap and of hwmon follow captures that their owners published; serial numbers are left out.

type Files = Readonly<Record<string, string>>;

const armCore = (core: number, part: string, features: string, more = '') => `processor\t: ${core}
${more}BogoMIPS\t: 38.40
Features\t: ${features}
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: ${part}
CPU revision\t: 4

`;

export const armCores = (count: number, part: string, features: string, more?: string): string =>
  Array.from({ length: count }, (_, core) => armCore(core, part, features, more)).join('');

export const thermal = (...zones: [type: string, temp: number | string][]): Files =>
  Object.fromEntries(
    zones.flatMap(([type, temp], index) => [
      [`sys/class/thermal/thermal_zone${index}/type`, `${type}\n`],
      [`sys/class/thermal/thermal_zone${index}/temp`, `${temp}\n`],
    ]),
  );

/** A folder of `/sys/class/hwmon`. */
export const hwmon = (number: number, name: string, values: Readonly<Record<string, number | string>>): Files => ({
  [`sys/class/hwmon/hwmon${number}/name`]: `${name}\n`,
  ...Object.fromEntries(
    Object.entries(values).map(([file, value]) => [`sys/class/hwmon/hwmon${number}/${file}`, `${value}\n`]),
  ),
});

const raspberry = (model: string, revision: string, cores: string): Files => ({
  'proc/device-tree/model': `${model}\0`,
  'proc/cpuinfo': `${cores}Revision\t: ${revision}\nModel\t\t: ${model}\n`,
});

const older = 'fp asimd evtstrm crc32 cpuid';

/** 64 bit system. The kernel's own file of the throttling bits, hexadecimal without 0x. */
export const zero2W: Files = {
  ...raspberry('Raspberry Pi Zero 2 W Rev 1.0', '902120', armCores(4, '0xd03', older)),
  'proc/meminfo': 'MemTotal:         427072 kB\nMemFree:          147196 kB\nMemAvailable:     271652 kB\n',
  ...thermal(['cpu-thermal', 47774]),
  ...hwmon(0, 'cpu_thermal', { temp1_input: 47774 }),
  ...hwmon(1, 'rpi_volt', { in0_lcrit_alarm: 0 }),
  'sys/devices/platform/soc/soc:firmware/get_throttled': '0\n',
};

/** 32 bit system, whose /proc/cpuinfo has another form. It has too little voltage. */
export const pi3BPlus: Files = {
  ...raspberry(
    'Raspberry Pi 3 Model B Plus Rev 1.3',
    'a020d3',
    armCores(
      4,
      '0xd03',
      'half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm crc32 ',
      'model name\t: ARMv7 Processor rev 4 (v7l)\n',
    ),
  ),
  'proc/meminfo': 'MemTotal:         949444 kB\nMemFree:          520000 kB\n',
  ...thermal(['cpu-thermal', 59080]),
  ...hwmon(0, 'cpu_thermal', { temp1_input: 59080 }),
  ...hwmon(1, 'rpi_volt', { in0_lcrit_alarm: 1 }),
  'sys/devices/platform/soc/soc:firmware/get_throttled': '50005\n',
};

export const pi4: Files = {
  ...raspberry('Raspberry Pi 4 Model B Rev 1.4', 'c03114', armCores(4, '0xd08', older)),
  'proc/meminfo': 'MemTotal:        3884344 kB\nMemFree:         2921216 kB\n',
  ...thermal(['cpu-thermal', 48686]),
  ...hwmon(0, 'cpu_thermal', { temp1_input: 48686 }),
  ...hwmon(1, 'rpi_volt', { in0_lcrit_alarm: 0 }),
  'sys/devices/platform/soc/soc:firmware/get_throttled': '0\n',
};

/** Newer kernels have no file of the bits there, only the alarm. */
export const pi5: Files = {
  ...raspberry(
    'Raspberry Pi 5 Model B Rev 1.0',
    'c04170',
    armCores(
      4,
      '0xd0b',
      'fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp',
    ),
  ),
  'proc/meminfo': 'MemTotal:        8255888 kB\n',
  ...thermal(['gpu-thermal', 51000], ['cpu-thermal', 52350]),
  ...hwmon(0, 'cpu_thermal', { temp1_input: 52350 }),
  ...hwmon(1, 'rp1_adc', { in1_input: 1489, in2_input: 2538, in3_input: 1426, in4_input: 1484, temp1_input: 54310 }),
  ...hwmon(2, 'pwmfan', { fan1_input: 3054, pwm1: 75 }),
  ...hwmon(3, 'rpi_volt', { in0_lcrit_alarm: 0 }),
};

/** `vcgencmd pmic_read_adc` with four busy cores: twelve rails, and two inputs that have a voltage only. */
export const pmicAnswer = ` 3V7_WL_SW_A current(0)=0.09368929A
   3V3_SYS_A current(1)=0.08783370A
   1V8_SYS_A current(2)=0.18054710A
  DDR_VDD2_A current(3)=0.22543980A
  DDR_VDDQ_A current(4)=0.06666720A
   1V1_SYS_A current(5)=0.17566740A
    0V8_SW_A current(6)=0.37670900A
  VDD_CORE_A current(7)=6.22421000A
   3V3_DAC_A current(17)=0.00006105A
   3V3_ADC_A current(18)=0.00036630A
   0V8_AON_A current(16)=0.00305250A
      HDMI_A current(22)=0.02417580A
 3V7_WL_SW_V volt(8)=3.69977600V
   3V3_SYS_V volt(9)=3.31003300V
   1V8_SYS_V volt(10)=1.80512600V
  DDR_VDD2_V volt(11)=1.10476100V
  DDR_VDDQ_V volt(12)=0.60146460V
   1V1_SYS_V volt(13)=1.11025500V
    0V8_SW_V volt(14)=0.80146440V
  VDD_CORE_V volt(15)=0.86173300V
   3V3_DAC_V volt(20)=3.31318300V
   3V3_ADC_V volt(21)=3.30677300V
   0V8_AON_V volt(19)=0.80029220V
      HDMI_V volt(23)=5.08664000V
     EXT5V_V volt(24)=5.09066000V
      BATT_V volt(25)=0.00000000V
`;

/** An Intel PC: a package with its parts, the same package by another way, and the whole platform. */
export const pcWithRapl: Files = {
  'sys/class/dmi/id/product_name': 'NUC11PAHi5\n',
  'proc/cpuinfo': Array.from(
    { length: 8 },
    (_, core) =>
      `processor\t: ${core}\nvendor_id\t: GenuineIntel\nmodel name\t: 11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz\nflags\t\t: fpu sse2 sse4_1 lm avx fma avx2 avx512f avx512bw avx512_vnni\n\n`,
  ).join(''),
  'proc/meminfo': 'MemTotal:       16124064 kB\n',
  ...thermal(['iwlwifi_1', 40000], ['x86_pkg_temp', 61000]),
  ...zone('intel-rapl:0', 'package-0', 65_997_277_274),
  ...zone('intel-rapl:0:0', 'core', 48_265_700_414),
  ...zone('intel-rapl:1', 'psys', 117_870_082_040),
  ...zone('intel-rapl-mmio:0', 'package-0', 65_997_277_274),
};

function zone(folder: string, name: string, microjoules: number): Files {
  return {
    [`sys/class/powercap/${folder}/name`]: `${name}\n`,
    [`sys/class/powercap/${folder}/energy_uj`]: `${microjoules}\n`,
    [`sys/class/powercap/${folder}/max_energy_range_uj`]: '262143328850\n',
  };
}

/** A Pi 4 with an INA219 on its I2C bus: 5.023 V, 124 mA. */
export const pi4WithIna219: Files = {
  ...pi4,
  ...hwmon(2, 'ina219', {
    in0_input: 1,
    in1_input: 5023,
    curr1_input: 124,
    power1_input: 622_000,
    shunt_resistor: 10_000,
  }),
};

/** All the names are there, and nothing in the files is what it should be. */
export const garbage: Files = {
  'proc/device-tree/model': '\xff\xfe\0\0',
  'proc/cpuinfo': 'processor\nCPU implementer\t: \nFeatures\nCPU part\t: 0xzz\n\0\0\0',
  'proc/meminfo': 'MemTotal:        many kB\n',
  ...thermal(['cpu-thermal', ''], ['cpu-thermal', 'hot'], ['x86_pkg_temp', '1e999']),
  ...hwmon(0, 'rpi_volt', { in0_lcrit_alarm: 'yes' }),
  ...hwmon(1, 'ina219', { power1_input: 'NaN', in1_input: '', curr1_input: '-' }),
  'sys/class/hwmon/hwmon2/name': '',
  'sys/devices/platform/soc/soc:firmware/get_throttled': 'throttled=0xzz\n',
  'sys/class/powercap/intel-rapl:0/name': 'package-0',
  'sys/class/powercap/intel-rapl:0/energy_uj': '-1',
  'sys/class/powercap/intel-rapl:0/max_energy_range_uj': '0',
};
