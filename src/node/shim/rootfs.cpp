#include "node/shim/rootfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "base/strings.h"
#include "node/posix.h"

namespace slipway::node::shim {

namespace {

constexpr const char* kTmpOptions = "mode=1777,size=256m";
constexpr std::array kDevices = {"null", "zero", "full", "random", "urandom", "tty"};
constexpr std::array kMachineFolders = {"bin", "etc", "lib", "lib32", "lib64", "libx32", "opt", "sbin", "usr"};

struct Entry {
  std::string path;  // canonical inside the root, without a leading slash
  bool folder = true;
  bool missing = true;
};

UniqueFd open_in(int root, const std::string& path, std::uint64_t flags) {
  open_how how{.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how)));
}

std::string fd_path(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

std::string path_of(int fd) {
  char text[4096];
  const ssize_t n = readlink(fd_path(fd).c_str(), text, sizeof text);
  return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : std::string();
}

base::Result<void> mount_or_fail(const char* source, const std::string& target, const char* type, unsigned long flags,
                                 const char* data, const std::string& what) {
  if (mount(source, target.c_str(), type, flags, data) != 0) return os_fail("mount " + what);
  return {};
}

bool set_attributes(int fd, std::uint64_t attributes, unsigned flags) {
  mount_attr attr{.attr_set = attributes};
  return syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | flags, &attr, sizeof attr) == 0;
}

bool is_folder(const std::string& path) {
  struct stat s{};
  return stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode);
}

// What is mounted: `source`, or the part of it that `inside` names.
base::Result<UniqueFd> open_source(const control::Mount& m) {
  UniqueFd source(open(m.source.c_str(), O_PATH | O_CLOEXEC));
  if (source && !m.inside.empty()) source = open_in(source.get(), m.inside, O_PATH);
  if (!source) return os_fail("open " + m.source + "/" + m.inside);
  return source;
}

// Where `target` is, or would be, inside the image: links resolved as far as it exists.
base::Result<Entry> locate(int image, const std::string& prefix, const control::Mount& mount) {
  const auto source = open_source(mount);
  Entry entry{
      .path = {}, .folder = mount.source.empty() || (source && is_folder(fd_path(source->get()))), .missing = false};
  for (std::string_view part : base::split(mount.target, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return base::fail(base::Code::Invalid, "mount path " + mount.target + " holds \"..\"");
    const std::string next = entry.path + (entry.path.empty() ? "" : "/") + std::string(part);
    const UniqueFd there = entry.missing ? UniqueFd() : open_in(image, next, O_PATH);
    entry.missing = !there;
    if (there) {
      const std::string full = path_of(there.get());
      entry.path = full.size() > prefix.size() ? full.substr(prefix.size() + (prefix == "/" ? 0 : 1)) : "";
    } else {
      entry.path = next;
    }
  }
  return entry;
}

// Builds the root on a fresh tmpfs: everything of the image is bound, but folders that lack a mount point are made anew
// and bound entry by entry, since the image itself must stay as it is.
class Assembly {
 public:
  Assembly(std::string image, std::string root, std::vector<Entry> entries)
      : image_(std::move(image)), root_(std::move(root)), entries_(std::move(entries)) {}

  base::Result<void> build() {
    const bool machine = image_ == "/";
    if (machine || lacks("")) return mirror("", machine);
    return mount_or_fail(image_.c_str(), root_, nullptr, MS_BIND | MS_REC, nullptr, image_);
  }

 private:
  bool lacks(const std::string& folder) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) {
      return e.missing && (folder.empty() || e.path.starts_with(folder + "/"));
    });
  }

  base::Result<void> mirror(const std::string& folder, bool machine) {
    DIR* listing = opendir((image_ + "/" + folder).c_str());
    if (listing == nullptr) return os_fail("read " + image_ + "/" + folder);
    base::Result<void> result;
    while (const dirent* d = result ? readdir(listing) : nullptr) {
      const std::string name = d->d_name;
      if (name == "." || name == "..") continue;
      if (machine && std::find(kMachineFolders.begin(), kMachineFolders.end(), name) == kMachineFolders.end()) continue;
      result = place(folder.empty() ? name : folder + "/" + name);
    }
    closedir(listing);
    return result ? make_missing(folder) : result;
  }

  base::Result<void> place(const std::string& path) {
    const std::string from = image_ + "/" + path, to = root_ + "/" + path;
    struct stat s{};
    if (lstat(from.c_str(), &s) != 0) return os_fail("stat " + from);
    if (S_ISLNK(s.st_mode)) {
      char target[4096] = {};
      if (readlink(from.c_str(), target, sizeof target - 1) < 0 || symlink(target, to.c_str()) != 0)
        return os_fail("link " + to);
      return {};
    }
    if (auto made = make_point(to, S_ISDIR(s.st_mode)); !made) return made;
    if (S_ISDIR(s.st_mode) && lacks(path)) return mirror(path, false);
    return mount_or_fail(from.c_str(), to, nullptr, MS_BIND | MS_REC, nullptr, from);
  }

  base::Result<void> make_missing(const std::string& folder) {
    const std::string prefix = folder.empty() ? "" : folder + "/";
    for (const Entry& e : entries_) {
      if (!e.missing || !e.path.starts_with(prefix)) continue;
      for (auto slash = e.path.find('/', prefix.size()); slash != e.path.npos; slash = e.path.find('/', slash + 1))
        if (auto made = make_point(root_ + "/" + e.path.substr(0, slash), true); !made) return made;
      if (auto made = make_point(root_ + "/" + e.path, e.folder); !made) return made;
    }
    return {};
  }

  static base::Result<void> make_point(const std::string& path, bool folder) {
    if (folder && mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return os_fail("make " + path);
    if (!folder && !UniqueFd(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644)))
      return os_fail("make " + path);
    return {};
  }

  std::string image_, root_;
  std::vector<Entry> entries_;
};

// Opens a mount point, making what is missing of it. Only folders of our own (/dev, /tmp, volumes) can lack something
// by now.
base::Result<UniqueFd> open_point(int root, const std::string& target, bool folder) {
  std::string path;
  const auto parts = base::split(target, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty() || parts[i] == ".") continue;
    const std::string above = path;
    path += "/" + std::string(parts[i]);
    if (open_in(root, path, O_PATH)) continue;
    const UniqueFd parent = open_in(root, above, O_RDONLY | O_DIRECTORY);
    const bool last_is_file = i + 1 == parts.size() && !folder;
    const std::string name(parts[i]);
    if (last_is_file)
      UniqueFd(openat(parent.get(), name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644));
    else
      mkdirat(parent.get(), name.c_str(), 0755);
  }
  UniqueFd point = open_in(root, path, O_PATH);
  if (!point) return os_fail("open mount point " + target);
  return point;
}

base::Result<void> bind(const control::Mount& m, int root) {
  UniqueFd source;
  if (!m.source.empty()) {
    auto opened = open_source(m);
    if (!opened) return base::fail(opened.error());
    source = std::move(*opened);
  }
  auto point = open_point(root, m.target, m.source.empty() || is_folder(fd_path(source.get())));
  if (!point) return base::fail(point.error());
  const std::string at = fd_path(point->get());
  if (m.source.empty()) return mount_or_fail("tmpfs", at, "tmpfs", MS_NOSUID | MS_NODEV, kTmpOptions, m.target);
  if (auto bound = mount_or_fail(fd_path(source.get()).c_str(), at, nullptr, MS_BIND | MS_REC, nullptr,
                                 m.source + " on " + m.target);
      !bound)
    return bound;
  auto mounted = open_point(root, m.target, true);  // the mount now lies over the point
  const std::uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (m.read_only ? MOUNT_ATTR_RDONLY : 0);
  if (!mounted || !set_attributes(mounted->get(), attributes, AT_RECURSIVE))
    return os_fail("restrict mount " + m.target);
  return {};
}

base::Result<void> mount_devices(int root) {
  if (auto tmpfs = bind({"", "/dev", false}, root); !tmpfs) return tmpfs;
  for (const char* device : kDevices) {
    const std::string path = std::string("/dev/") + device;
    auto point = open_point(root, path, false);
    if (!point) return base::fail(point.error());
    if (auto bound = mount_or_fail(path.c_str(), fd_path(point->get()), nullptr, MS_BIND, nullptr, path); !bound)
      return bound;
  }
  if (auto shm = bind({"", "/dev/shm", false}, root); !shm) return shm;
  const UniqueFd dev = open_in(root, "/dev", O_RDONLY | O_DIRECTORY);
  fchmod(dev.get(), 0755);
  for (const auto& [name, target] : {std::pair("fd", "/proc/self/fd"),
                                     {"stdin", "/proc/self/fd/0"},
                                     {"stdout", "/proc/self/fd/1"},
                                     {"stderr", "/proc/self/fd/2"}})
    if (symlinkat(target, dev.get(), name) != 0) return os_fail("link /dev");
  return {};
}

base::Result<void> mount_proc(int root) {
  auto point = open_point(root, "/proc", true);
  if (!point) return base::fail(point.error());
  return mount_or_fail("proc", fd_path(point->get()), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr, "/proc");
}

bool mounts_at(const std::vector<control::Mount>& mounts, std::string_view target) {
  return std::any_of(mounts.begin(), mounts.end(), [&](const auto& m) { return m.target == target; });
}

// Outer mounts before inner ones.
std::vector<control::Mount> in_order(std::vector<control::Mount> mounts) {
  std::sort(mounts.begin(), mounts.end(), [](const auto& a, const auto& b) { return a.target < b.target; });
  return mounts;
}

base::Result<void> assemble(const RootSpec& spec) {
  const UniqueFd image(open(spec.image.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!image) return os_fail("open image " + spec.image);
  std::vector<Entry> entries;
  std::vector<control::Mount> all = spec.mounts;
  for (const char* own : {"/proc", "/dev", "/tmp"}) all.push_back({"", own, false});
  for (const control::Mount& m : all) {
    if (m.target.starts_with("/dev/") || m.target.starts_with("/tmp/")) continue;  // on our own tmpfs
    auto entry = locate(image.get(), path_of(image.get()), m);
    if (!entry) return base::fail(entry.error());
    if (spec.image == "/") entry->missing = entry->missing || !entry->path.starts_with("etc/");
    entries.push_back(*entry);
  }
  return Assembly(spec.image, spec.stage, std::move(entries)).build();
}

base::Result<void> switch_root(const std::string& root) {
  // pivot_root(2), "pivot_root(".", ".")": the old root ends up stacked on the new one and is detached.
  if (chdir(root.c_str()) != 0 || syscall(SYS_pivot_root, ".", ".") != 0) return os_fail("pivot_root");
  if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) return os_fail("leave old root");
  return {};
}

base::Result<void> make_private() {
  return mount_or_fail(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr, "/ as private");
}

}  // namespace

base::Result<void> enter_root(const RootSpec& spec) {
  if (auto made = make_private(); !made) return made;
  if (auto stage = mount_or_fail("tmpfs", spec.stage, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m", spec.stage);
      !stage)
    return stage;
  if (auto assembled = assemble(spec); !assembled) return assembled;
  const UniqueFd root(
      open(spec.stage.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));  // opened now: the image may lie over the stage
  if (!set_attributes(root.get(), MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, AT_RECURSIVE))
    return os_fail("make root read-only");
  if (auto mounted = mount_proc(root.get()); !mounted) return mounted;
  if (auto mounted = mount_devices(root.get()); !mounted) return mounted;
  if (!mounts_at(spec.mounts, "/tmp"))
    if (auto mounted = bind({"", "/tmp", false}, root.get()); !mounted) return mounted;
  for (const control::Mount& m : in_order(spec.mounts))
    if (auto mounted = bind(m, root.get()); !mounted) return mounted;
  return switch_root(spec.stage);
}

base::Result<void> mount_over_host(const std::vector<control::Mount>& mounts) {
  if (auto made = make_private(); !made) return made;
  const UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const control::Mount& m : in_order(mounts))
    if (auto mounted = bind(m, root.get()); !mounted) return mounted;
  return {};
}

}  // namespace slipway::node::shim
