#include "node/shim/cgroup.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/strings.h"
#include "node/posix.h"

namespace slipway::node::shim {

namespace {

constexpr std::uint64_t kPeriodMicroseconds = 100'000;  // of the cpu bandwidth controller

// Where a hierarchy is mounted, from /proc/self/mounts: type "cgroup" with this option, or type "cgroup2".
std::string mount_point(std::string_view type, std::string_view option) {
  const std::string mounts = read_file("/proc/self/mounts").value_or("");
  for (std::string_view line : base::split(mounts, '\n')) {
    const auto fields = base::split(line, ' ');
    if (fields.size() < 4 || fields[2] != type) continue;
    const auto options = base::split(fields[3], ',');
    if (option.empty() || std::find(options.begin(), options.end(), option) != options.end())
      return std::string(fields[1]);
  }
  return {};
}

std::string joined(const std::string& mount, std::string_view own) {
  return mount + (own == "/" ? "" : std::string(own)) + "/slipway";
}

base::Result<void> put(const std::string& path, const std::string& text) {
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return os_fail("open " + path);
  return write_all(file.get(), text);
}

std::uint64_t counter(const std::string& path, std::string_view name) {
  const std::string text = read_file(path).value_or("");
  for (std::string_view line : base::split(text, '\n'))
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ' ')
      return base::parse_uint(base::trim(line.substr(name.size()))).value_or(0);
  return 0;
}

bool has_word(std::string_view list, std::string_view word) {
  const auto words = base::split(base::trim(list), ' ');
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

Cgroups Cgroups::probe() {
  Cgroups found;
  const std::string own = read_file("/proc/self/cgroup").value_or("");
  for (std::string_view line : base::split(own, '\n')) {
    const auto colon = line.find(':'), second = line.find(':', colon + 1);
    if (second == line.npos) continue;
    const std::string_view controllers = line.substr(colon + 1, second - colon - 1), path = line.substr(second + 1);
    if (controllers.empty())
      found.find_v2(path);
    else
      found.find_v1(line.substr(colon + 1));
  }
  if (found.bases_.empty() && found.why_.empty()) found.why_ = "no memory or cpu controller is mounted";
  return found;
}

void Cgroups::find_v1(std::string_view own) {
  const auto colon = own.find(':');
  for (std::string_view controller : base::split(own.substr(0, colon), ',')) {
    if (controller != "memory" && controller != "cpu") continue;
    const std::string mount = mount_point("cgroup", controller);
    if (mount.empty()) continue;
    const std::string folder = joined(mount, own.substr(colon + 1));
    if (auto made = make_folders(folder, 0755); !made || access(folder.c_str(), W_OK) != 0)
      why_ = "cannot make " + folder;
    else
      bases_.push_back({folder, controller == "memory", controller == "cpu", false});
  }
}

void Cgroups::find_v2(std::string_view own) {
  const std::string mount = mount_point("cgroup2", "");
  if (mount.empty()) return;
  const std::string above = mount + (own == "/" ? "" : std::string(own));
  const std::string controllers = read_file(above + "/cgroup.controllers").value_or("");
  Base base{joined(mount, own), has_word(controllers, "memory"), has_word(controllers, "cpu"), true};
  if (!base.memory && !base.cpu) return;
  const std::string enable = std::string(base.memory ? "+memory " : "") + (base.cpu ? "+cpu" : "");
  // Controllers are handed down level by level; a group that holds processes itself cannot hand down, the root
  // excepted.
  if (!put(above + "/cgroup.subtree_control", enable) || !make_folders(base.folder, 0755) ||
      !put(base.folder + "/cgroup.subtree_control", enable)) {
    why_ = "cannot hand controllers down from " + above;
    return;
  }
  bases_.push_back(base);
}

base::Result<void> Cgroups::make(const std::string& name, std::uint64_t memory, std::uint64_t cpu) const {
  const std::string quota = std::to_string(cpu * kPeriodMicroseconds / 1000),
                    period = std::to_string(kPeriodMicroseconds);
  for (const Base& b : bases_) {
    const std::string folder = b.folder + "/" + name;
    if (auto made = make_folders(folder, 0755); !made) return made;
    base::Result<void> set;
    if (b.memory && memory > 0)
      set = put(folder + (b.unified ? "/memory.max" : "/memory.limit_in_bytes"), std::to_string(memory));
    if (set && b.cpu && cpu > 0)
      set = b.unified ? put(folder + "/cpu.max", quota + " " + period) : put(folder + "/cpu.cfs_quota_us", quota);
    if (!set) return set;
  }
  return {};
}

base::Result<void> Cgroups::join(const std::string& name, pid_t pid) const {
  for (const Base& b : bases_)
    if (auto set = put(b.folder + "/" + name + "/cgroup.procs", std::to_string(pid)); !set) return set;
  return {};
}

std::uint64_t Cgroups::out_of_memory_kills(const std::string& name) const {
  for (const Base& b : bases_)
    if (b.memory)
      return counter(b.folder + "/" + name + (b.unified ? "/memory.events" : "/memory.oom_control"), "oom_kill");
  return 0;
}

void Cgroups::remove(const std::string& name) const {
  for (const Base& b : bases_) rmdir((b.folder + "/" + name).c_str());
}

}  // namespace slipway::node::shim
