#include "node/machine.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/strings.h"
#include "node/posix.h"

namespace slipway::node {

namespace {

std::string line_of(const std::string& path) { return std::string(base::trim(read_file(path, 1 << 16).value_or(""))); }

// PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
std::string pretty_name() {
  const std::string text = read_file("/etc/os-release", 1 << 16).value_or("");
  for (std::string_view line : base::split(text, '\n'))
    if (line.starts_with("PRETTY_NAME=")) {
      std::string_view value = base::trim(line.substr(12));
      if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
      return std::string(value);
    }
  return "Linux";
}

}  // namespace

Machine this_machine() {
  utsname name{};
  uname(&name);
  struct sysinfo info{};
  sysinfo(&info);
  const std::string architecture = std::string_view(name.machine) == "x86_64"    ? "amd64"
                                   : std::string_view(name.machine) == "aarch64" ? "arm64"
                                                                                 : name.machine;
  return {.host_name = base::to_lower(name.nodename),
          .kernel = name.release,
          .os_image = pretty_name(),
          .machine_id = line_of("/etc/machine-id"),
          .boot_id = line_of("/proc/sys/kernel/random/boot_id"),
          .architecture = architecture,
          .cpus = sysconf(_SC_NPROCESSORS_ONLN),
          .memory = static_cast<std::int64_t>(info.totalram) * info.mem_unit};
}

}  // namespace slipway::node
