from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor, as_completed
from multiprocessing import Pool, Value


def square(n):
    return n * n


total = Value("i", 0)

if __name__ == "__main__":
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(square, n) for n in range(3)]
        for future in as_completed(futures):
            print(future.result())
    with ProcessPoolExecutor(max_workers=2) as pool:
        print(list(pool.map(square, [1, 2, 3])))
    with Pool(2) as pool:
        print(pool.map(square, [1, 2]), pool.apply(square, (3,)), pool.apply_async(square, (4,)).get(timeout=1))
