// SPDX-License-Identifier: GPL-2.0
// The one-shot flag of a Raspberry Pi's firmware that lets the next boot take the [tryboot] part of autoboot.txt. The kernel of
// Raspberry Pi OS has /dev/vcio for it; Debian's has none, so this asks the firmware by way of the kernel's own driver.
#include <linux/module.h>
#include <linux/of.h>
#include <soc/bcm2835/raspberrypi-firmware.h>

// Property tags of the firmware; Linux 6.12's header does not list them yet.
#define GET_REBOOT_FLAGS 0x00030064
#define SET_REBOOT_FLAGS 0x00038064

static struct rpi_firmware *firmware;

// Parameters are there, and arguments of modprobe are set, before init has run.
static int ask(u32 tag, u32 *flags)
{
	return firmware ? rpi_firmware_property(firmware, tag, flags, sizeof(*flags)) : -ENODEV;
}

static int flags_get(char *buffer, const struct kernel_param *param)
{
	u32 flags = 0;
	int error = ask(GET_REBOOT_FLAGS, &flags);

	return error ? error : sysfs_emit(buffer, "%u\n", flags);
}

static int flags_set(const char *text, const struct kernel_param *param)
{
	u32 flags;
	int error = kstrtou32(text, 0, &flags);

	// Bit 0 is the flag; the others are the firmware's own.
	if (error || flags > 1)
		return error ? error : -EINVAL;
	return ask(SET_REBOOT_FLAGS, &flags);
}

static const struct kernel_param_ops flags_ops = { .get = flags_get, .set = flags_set };

static int __init tryboot_init(void)
{
	struct device_node *node = of_find_compatible_node(NULL, NULL, "raspberrypi,bcm2835-firmware");

	if (!node)
		return -ENODEV;
	firmware = rpi_firmware_get(node);
	of_node_put(node);
	return firmware ? 0 : -ENODEV;
}

static void __exit tryboot_exit(void)
{
	rpi_firmware_put(firmware);
}

module_param_cb(flags, &flags_ops, NULL, 0600);
MODULE_PARM_DESC(flags, "reboot flags of the firmware: 1 tries the other slot once");
module_init(tryboot_init);
module_exit(tryboot_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Sets and reads the tryboot flag of a Raspberry Pi's firmware");
