-- request: loans of a member
-- weight: 40
-- sample member: SELECT member FROM lending.loan LIMIT 500
SELECT id, copy, lent, due FROM lending.loan WHERE member = :member AND state = 'out' ORDER BY due;

-- request: titles of an author
-- weight: 30
-- sample author: SELECT "Id" FROM "Catalogue"."Author" LIMIT 500
SELECT "Id", name, "Größe in mm" FROM "Catalogue"."Title" WHERE "Author Id" = :author ORDER BY name LIMIT 20;

-- request: copies of a title
-- weight: 20
-- sample title: SELECT "Id" FROM "Catalogue"."Title" LIMIT 500
SELECT id, mark FROM lending.copy WHERE title = :title AND NOT returned;

-- request: the odd one
-- weight: 10
-- sample n: SELECT DISTINCT "select id; drop table x; --" FROM "weird "" schema"."a table whose name is exactly sixty-three bytes long, so it is!" LIMIT 100
SELECT "a ""quoted"" column" FROM "weird "" schema"."a table whose name is exactly sixty-three bytes long, so it is!"
WHERE "select id; drop table x; --" = :n;
