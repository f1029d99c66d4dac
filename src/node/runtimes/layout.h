// Where the things of a pod lie on disk, below the data directory.
//
//   pods/<uid>/sandbox.json hosts resolv.conf         volumes/<name>/...
//   pods/<uid>/containers/<name>/<attempt>/process.json termination-log root/
//   claims/<volume>/...                               kept when the pod goes
//   logs/pods/<namespace>_<name>_<uid>/<container>/<attempt>.log
#pragma once

#include <string>

#include "base/error.h"
#include "node/pod_runtime.h"

namespace slipway::node {

struct Layout {
  std::string data_dir;

  std::string pods() const { return data_dir + "/pods"; }
  std::string pod(const std::string& uid) const { return pods() + "/" + uid; }
  std::string volume(const std::string& uid, const std::string& name) const { return pod(uid) + "/volumes/" + name; }
  std::string claims() const { return data_dir + "/claims"; }
  std::string kept(const std::string& name) const { return claims() + "/" + name; }
  std::string container(const ContainerKey& k) const {
    return pod(k.pod) + "/containers/" + k.container + "/" + std::to_string(k.attempt);
  }
  std::string logs(const std::string& space, const std::string& name, const std::string& uid) const {
    return data_dir + "/logs/pods/" + space + "_" + name + "_" + uid;
  }
};

// Pod-made values must not lead out of their folder: no slash, no "..", not empty.
bool is_safe_name(std::string_view name);

// The id by which the shim knows a container, "pod/<uid>/<container>/<attempt>", and back; nullopt for other processes.
std::string process_id(const ContainerKey& key);
std::optional<ContainerKey> key_of_process(std::string_view id);

// Makes the folder unless it is there, gives it `mode`, and makes `link` lead to it. What pods of before have left in
// it (users from `first` on, as many as there are addresses) becomes `owner`'s (0: leave): a pod has a user of its own.
base::Result<void> keep_volume(const std::string& folder, const std::string& link, std::uint32_t owner,
                               std::uint32_t first, std::uint32_t mode);

// Writes a volume's files as Kubernetes does: a fresh folder, then the link ..data is turned to it, so that readers see
// all of the old or all of the new. `owner` is the uid that may read them (0: leave).
base::Result<void> publish_volume(const std::string& folder, const std::vector<VolumeFile>& files, std::uint32_t owner);

}  // namespace slipway::node
