#include "node/runtimes/process_spec.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/strings.h"
#include "node/posix.h"

namespace slipway::node {

using base::Code;
using base::Result;
using control::HostReport;
using control::ProcessSpec;

namespace {

namespace fs = std::filesystem;

ProcessSpec common(const ContainerSpec& c, const Layout& layout) {
  ProcessSpec p{.id = process_id(c.key), .argv = c.argv, .env = c.env, .cwd = c.cwd.empty() ? c.image.workdir : c.cwd};
  p.stdout_path = layout.logs(c.sandbox.space, c.sandbox.name, c.sandbox.uid) + "/" + c.key.container + "/" +
                  std::to_string(c.key.attempt) + ".log";
  p.hostname = c.sandbox.hostname;
  p.rlimits["core"] = 0;
  if (c.memory_limit > 0 || c.cpu_millis > 0) p.cgroup = "pods/" + c.key.pod + "/" + c.key.container;
  p.memory_limit = c.memory_limit;
  p.cpu_millis = c.cpu_millis;
  return p;
}

bool is_below(std::string_view path, std::string_view folder) {
  if (folder == "/") return path.starts_with("/");
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

// A lexically clean absolute path.
std::string clean(const std::string& path) {
  std::string out = fs::path(path).lexically_normal().string();
  while (out.size() > 1 && out.ends_with("/")) out.pop_back();
  return out;
}

// The tree of links that a loopback container sees below its working directory.
class LinkTree {
 public:
  LinkTree(std::string image, std::string root)
      : image_(image == "/" ? "" : std::move(image)), root_(std::move(root)) {}

  Result<void> build() {
    if (auto cleared = remove_tree(root_); !cleared) return cleared;
    return open_up("");
  }

  Result<void> place(const std::string& target, const std::string& source) {
    std::string folder;
    const auto parts = base::split(std::string_view(target).substr(1), '/');
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      folder += "/" + std::string(parts[i]);
      std::error_code none;
      if (fs::is_symlink(root_ + folder, none)) unlink((root_ + folder).c_str());
      if (!exists(root_ + folder))
        if (auto opened = open_up(folder); !opened) return opened;
    }
    unlink((root_ + target).c_str());
    if (symlink(source.c_str(), (root_ + target).c_str()) != 0) return os_fail("place volume at " + target);
    return {};
  }

 private:
  // Makes a real folder with links to what the image has there.
  Result<void> open_up(const std::string& folder) {
    if (auto made = make_folders(root_ + folder, 0755); !made) return made;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(image_ + folder + "/", error))
      if (symlink(entry.path().c_str(), (root_ + folder + "/" + entry.path().filename().string()).c_str()) != 0)
        return os_fail("link " + entry.path().string());
    return {};
  }

  std::string image_, root_;
};

Result<std::string> program_in(const std::string& image, const ContainerSpec& c) {
  const std::string root = image == "/" ? "" : image, &name = c.argv[0];
  std::vector<std::string> candidates;
  if (name.starts_with("/")) {
    candidates = {root + name};
  } else if (name.find('/') != name.npos) {
    candidates = {root + (c.cwd.empty() ? c.image.workdir : c.cwd) + "/" + name};
  } else {
    for (const auto& [key, value] : c.env)
      if (key == "PATH")
        for (std::string_view folder : base::split(value, ':'))
          candidates.push_back(root + std::string(folder) + "/" + name);
  }
  for (const std::string& path : candidates)
    if (struct stat s{}; stat(path.c_str(), &s) == 0 && S_ISREG(s.st_mode) && (s.st_mode & 0111) != 0) return path;
  return base::fail(Code::NotFound, "program " + name + " is not in the image " + c.image.reference);
}

void set_env(ProcessSpec& p, const std::string& name, const std::string& value) {
  std::erase_if(p.env, [&](const auto& pair) { return pair.first == name; });
  p.env.emplace_back(name, value);
}

}  // namespace

std::uint32_t pod_user(const std::string& ip) {
  const auto parts = base::split(ip, '.');
  if (parts.size() != 4) return kFirstPodUser;
  return kFirstPodUser + static_cast<std::uint32_t>(base::parse_uint(parts[2]).value_or(0) * 256 +
                                                    base::parse_uint(parts[3]).value_or(0));
}

Result<std::uint32_t> user_of(const ContainerSpec& c, const HostReport& report) {
  if (!report.root) return 0u;  // there is one user only
  if (c.run_as < 0)
    return base::fail(Code::Forbidden,
                      "runAsUser 0 is not allowed on this node: leave it out, and the pod gets a user of its own");
  const std::int64_t asked = c.run_as > 0 ? c.run_as : c.image.uid;
  // On loopback a user of the machine could reach that user's files.
  if (asked > 0 && report.rung == HostReport::Rung::Isolated) return static_cast<std::uint32_t>(asked);
  return pod_user(c.sandbox.ip);
}

Result<ProcessSpec> isolated_process(const ContainerSpec& c, const Layout& layout, const HostReport& report) {
  const auto user = user_of(c, report);
  if (!user) return base::fail(user.error());
  ProcessSpec p = common(c, layout);
  p.uid = p.gid = *user;
  p.root = c.image.root;
  p.private_pids = true;
  p.network = control::NetworkSpace::Pod;
  p.pod_network = c.sandbox.uid;
  const std::string pod = layout.pod(c.sandbox.uid);
  p.mounts = {{pod + "/hosts", "/etc/hosts", true}, {pod + "/resolv.conf", "/etc/resolv.conf", true}};
  if (!c.termination_path.empty())
    p.mounts.push_back({layout.container(c.key) + "/termination-log", clean(c.termination_path), false});
  for (const VolumeMount& m : c.mounts) {
    if (!m.path.starts_with("/")) return base::fail(Code::Invalid, "mountPath " + m.path + " is not absolute");
    p.mounts.push_back({layout.volume(c.sandbox.uid, m.volume), clean(m.path), m.read_only, m.sub_path});
  }
  return p;
}

Result<ProcessSpec> loopback_process(const ContainerSpec& c, const Layout& layout, const HostReport& report) {
  const auto user = user_of(c, report);
  if (!user) return base::fail(user.error());
  ProcessSpec p = common(c, layout);
  p.uid = p.gid = *user;
  const std::string home = clean(p.cwd), tree = layout.container(c.key) + "/root";
  for (const VolumeMount& m : c.mounts) {
    if (!is_below(clean(m.path), home) || clean(m.path) == home || home == "/")
      return base::fail(Code::Invalid, "loopback pods have no file system of their own: volume " + m.volume + " at " +
                                           m.path + " would not be found there; mount it below a workingDir (now " +
                                           home +
                                           ") and open it by a relative path, or run where namespaces are allowed");
    if (!m.sub_path.empty())
      return base::fail(Code::Invalid, "loopback pods know no subPath (volume " + m.volume + ")");
  }
  auto program = program_in(c.image.root, c);
  if (!program) return base::fail(program.error());
  p.argv[0] = *program;
  std::string root = c.image.root == "/" ? "" : c.image.root;
  if (!c.mounts.empty()) {
    LinkTree links(c.image.root, tree);
    if (auto built = links.build(); !built) return base::fail(built.error());
    for (const VolumeMount& m : c.mounts)
      if (auto placed = links.place(clean(m.path), layout.volume(c.sandbox.uid, m.volume)); !placed)
        return base::fail(placed.error());
    root = tree;
  }
  p.cwd = root + home;
  set_env(p, "POD_IP", c.sandbox.ip);
  set_env(p, "SLIPWAY_ROOT", root.empty() ? "/" : root);
  return p;
}

}  // namespace slipway::node
