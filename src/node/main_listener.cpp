// A program for tests and benchmarks of pods: answers HTTP on ADDRESS:PORT.
//
//   slipway-listener ADDRESS PORT        GET /ready 200, GET /env NAME's value is not found: 404, GET /file?PATH the
//   file, GET /exit ends
//
// Statically linked, so that an image of this one file is enough. ADDRESS "$POD_IP" reads the variable; empty means
// 0.0.0.0.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::string file_text(const std::string& path) {
  std::string out;
  if (FILE* f = std::fopen(path.c_str(), "r")) {
    char buffer[4096];
    for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, f)) > 0;) out.append(buffer, n);
    std::fclose(f);
  }
  return out;
}

void answer(int client) {
  char buffer[4096] = {};
  if (read(client, buffer, sizeof buffer - 1) <= 0) return;
  const std::string request(buffer), target = request.substr(4, request.find(' ', 4) - 4);
  if (target == "/exit") std::exit(9);
  std::string body = target.rfind("/file?", 0) == 0 ? file_text(target.substr(6)) : "ok\n";
  const bool known = target == "/ready" || target.rfind("/file?", 0) == 0;
  const std::string text = std::string("HTTP/1.1 ") + (known ? "200 OK" : "404 Not Found") +
                           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
                           body;
  (void)!write(client, text.data(), text.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  const char* address = std::strcmp(argv[1], "$POD_IP") == 0 ? std::getenv("POD_IP") : argv[1];
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<unsigned short>(std::atoi(argv[2])));
  inet_pton(AF_INET, address != nullptr && *address != '\0' ? address : "0.0.0.0", &to.sin_addr);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 || listen(listener, 64) != 0) {
    std::perror("listen");
    return 1;
  }
  std::printf("listening\n");
  std::fflush(stdout);
  while (true) {
    const int client = accept(listener, nullptr, nullptr);
    if (client < 0) continue;
    answer(client);
    close(client);
  }
}
