#include "server/connect.h"

#include <cstdlib>

namespace slipway::server {
namespace {

std::string path_of(const std::string& kubeconfig) {
  if (!kubeconfig.empty()) return kubeconfig;
  if (const char* named = std::getenv("KUBECONFIG")) return named;
  return std::string(std::getenv("HOME") ? std::getenv("HOME") : "") + "/.kube/config";
}

}  // namespace

base::Result<client::Connection> find_connection(const std::string& kubeconfig, const std::string& context) {
  auto config = client::Kubeconfig::load(path_of(kubeconfig));
  if (!config) return base::fail(config.error());
  return config->connection(context);
}

}  // namespace slipway::server
