--- Names that people know from PyTorch and look for here: what to write instead.
--
-- base/library.lua asks for "nn.CrossEntropyLoss", what the shell's errors know of methods is under "tensor:cuda" and
-- "net:cuda". A name that is really there is never looked up.
local loss = "the loss is a method of the scores: net(x):cross_entropy(y)"
local device = "everything is computed on the processor, and there is nothing to move"

return {
  ["nn.CrossEntropyLoss"] = loss,
  ["nn.NLLLoss"] = "log_softmax and the loss are one, net(x):cross_entropy(y)",
  ["nn.functional"] = "functions are methods of tensors, as in x:relu() or logits:cross_entropy(y)",
  ["nn.F"] = "functions are methods of tensors, as in x:relu() or logits:cross_entropy(y)",
  ["nn.Parameter"] = "a tensor made with {requires_grad = true} becomes a parameter by assignment to a module's field",
  ["nn.DataParallel"] = "all processors are used as it is (rm.set_num_threads)",
  ["nn.utils"] = "clipping is optim.clip_grad_norm(net:parameters(), 1)",
  ["optim.lr_scheduler"] = "schedules are in optim.schedule, as in optim.schedule.Cosine(opt, {T_max = 10})",
  ["optim.schedule.CosineAnnealingLR"] = "it is optim.schedule.Cosine",
  ["optim.schedule.StepLR"] = "it is optim.schedule.Step",
  ["optim.schedule.MultiStepLR"] = "it is optim.schedule.MultiStep",
  ["optim.schedule.ExponentialLR"] = "it is optim.schedule.Exponential",
  ["optim.schedule.OneCycleLR"] = "it is optim.schedule.OneCycle",
  ["optim.schedule.ReduceLROnPlateau"] = "it is optim.schedule.Plateau",
  ["data.DataLoader"] = "it is data.Loader(dataset, {batch_size = 128, shuffle = true})",
  ["data.TensorDataset"] = "it is data.Dataset.new {images = ..., labels = ..., classes = ...}",
  ["data.random_split"] = "it is data.split(dataset, share, seed)",
  ["data.CIFAR10"] = "it is data.cifar10(folder, {train = true})",
  ["data.MNIST"] = "it is data.mnist(folder, {train = true})",
  ["data.ImageFolder"] = "it is data.folder(path)",
  ["data.transforms.Compose"] = "it is data.transforms.compose {...}",
  ["data.transforms.RandomCrop"] = "shifts are the loader's: data.Loader(ds, {augment = true})",
  ["data.transforms.ToTensor"] = "images are tensors as they are read",
  ["data.transforms.Normalize"] = "the loader normalizes: data.Loader(ds, {mean = ..., std = ...})",
  ["rm.from_numpy"] = "rm.tensor {{1, 2}, {3, 4}} makes a tensor of Lua tables, rm.load reads safetensors",
  ["rm.Tensor"] = "it is rm.tensor {1, 2, 3}",
  ["rm.FloatTensor"] = "it is rm.tensor {1, 2, 3}",
  ["rm.LongTensor"] = "it is rm.tensor({1, 2, 3}, \"int64\")",
  ["rm.device"] = device,
  ["rm.cuda"] = device,

  ["tensor:cuda"] = device,
  ["tensor:cpu"] = device,
  ["tensor:to"] = "types are changed by x:float(), x:long() and x:byte(); everything is on the processor",
  ["tensor:numpy"] = "x:totable() gives its numbers as Lua tables",
  ["tensor:tolist"] = "x:totable() gives its numbers as Lua tables",
  ["tensor:dim"] = "it is the field x.ndim",
  ["tensor:data"] = "x:detach() is the tensor without its gradient",
  ["net:cuda"] = device,
  ["net:cpu"] = device,
  ["net:to"] = device,
  ["net:modules"] = "it is net:named_modules(), or net:named_children()",
}
