cmake_minimum_required(VERSION 3.16)
project(jit LANGUAGES C)
add_executable(jit jit.c)
# BLOCK
