# bench: the benchmark table. write_load: its load client alone, for profiling a server.
set(bench_dir ${CMAKE_SOURCE_DIR}/tests/bench)
add_executable(bench ${bench_dir}/bench_main.cpp ${bench_dir}/line.cpp ${bench_dir}/process.cpp ${bench_dir}/cluster.cpp
               ${bench_dir}/etcd.cpp ${bench_dir}/write_load.cpp ${bench_dir}/start_lines.cpp ${bench_dir}/write_lines.cpp
               ${bench_dir}/list_and_watch_lines.cpp ${bench_dir}/micro_lines.cpp)
target_link_libraries(bench PRIVATE slipway_client)
add_executable(write_load ${bench_dir}/write_load_main.cpp ${bench_dir}/write_load.cpp)
target_link_libraries(write_load PRIVATE slipway_client)
