// A bare API server for trying things by hand: `kubectl_api_server FILE` writes a kubeconfig to FILE and serves until
// stdin ends.
#include <cstdio>
#include <iostream>
#include <string>

#include "served_api.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: kubectl_api_server KUBECONFIG\n");
    return 2;
  }
  slipway::tests::ServedApi api(argv[1], [](const slipway::http::Request& request, int status) {
    std::fprintf(stderr, "%d %s %s %s\n%s\n", status, request.method.c_str(), request.target.c_str(),
                 std::string(request.headers.get("Content-Type")).c_str(), request.body.c_str());
  });
  std::printf("serving on port %d\n", api.port());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
  }
}
