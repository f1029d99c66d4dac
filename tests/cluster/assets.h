// Where the programs of a real control plane are: etcd, kube-apiserver, kube-controller-manager and kubectl of one
// version in one folder, as the test environments of the Kubernetes ecosystem have them.
//
//   SLIPWAY_KUBEBUILDER_ASSETS=/opt/k8s/1.33:/opt/k8s/1.30   several versions
//   KUBEBUILDER_ASSETS=/opt/k8s/1.33                         one
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace slipway::tests {

struct Assets {
  std::string folder;
  std::string version;  // "v1.33.13", as kube-apiserver says
  std::string program(const std::string& name) const { return folder + "/" + name; }
};

inline void PrintTo(const Assets& assets, std::ostream* out) { *out << assets.version; }

struct FoundAssets {
  std::vector<Assets> all;  // in the order in which they are named
  std::string problem;      // why there are none, or which folder is not complete; empty: all is well
};

// Looks once per process.
const FoundAssets& find_assets();

}  // namespace slipway::tests
